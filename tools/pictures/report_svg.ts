export function renderReport(html: string): string { return html; }
