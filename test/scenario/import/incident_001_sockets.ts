/** The TIME-WAIT lines that the write-up of incident 001 prints. */
const PRINTED = `TIME-WAIT 0 0 169.254.20.10:50967 169.254.20.10:8080
TIME-WAIT 0 0 169.254.20.10:56855 169.254.20.10:8080
TIME-WAIT 0 0 169.254.20.10:51293 169.254.20.10:8080
TIME-WAIT 0 0 169.254.20.10:57665 169.254.20.10:8080
TIME-WAIT 0 0 169.254.20.10:49517 169.254.20.10:8080
TIME-WAIT 0 0 169.254.20.10:51675 169.254.20.10:8080
TIME-WAIT 0 0 169.254.20.10:54261 169.254.20.10:8080
TIME-WAIT 0 0 169.254.20.10:53603 169.254.20.10:8080
TIME-WAIT 0 0 169.254.20.10:51469 169.254.20.10:8080
TIME-WAIT 0 0 169.254.20.10:56591 169.254.20.10:8080
TIME-WAIT 0 0 169.254.20.10:56233 169.254.20.10:8080
`;

/**
 * `ss -tan | grep TIME-WAIT` of incident 001: the lines that are printed, and as many more as its counts say (69 of
 * node-local-dns, 849 of probes, 161 of Zabbix).
 */
export function incidentSockets(): string {
  const lines: string[] = [];
  for (let index = 0; index < 69 - 11; index += 1)
    lines.push(`TIME-WAIT 0 0 169.254.20.10:${41_001 + 2 * index} 169.254.20.10:8080`);
  for (let index = 0; index < 849; index += 1) {
    const pod = index % 71;
    lines.push(`TIME-WAIT 0 0 10.23.77.129:${1024 + 2 * index} 10.23.77.${138 + pod}:${pod === 0 ? 80 : 8080}`);
  }
  for (let index = 0; index < 161; index += 1)
    lines.push(`TIME-WAIT 0 0 10.10.85.105:${4026 + 2 * index} 10.10.85.10:10051`);
  return `${PRINTED}${lines.join("\n")}\n`;
}
