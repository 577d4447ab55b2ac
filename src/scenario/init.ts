/** A commented first scenario, as `sim init` prints it; it parses without diagnostics and its expectation holds. */
export function initialScenario(): string {
  return FIRST_SCENARIO;
}

const FIRST_SCENARIO = `# yaml-language-server: $schema=./scenario.schema.json
# One node, its pods and their probes. Run it with: sim run FILE
# Any value can be changed for one run: sim run FILE --set kubeProxy.version=1.18.20
about: Probes of one node whose port range overlaps its NodePorts.

# Kernel builds, versions and sysctl values are text: 5.10 is 5.10. The build decides how connect() picks a port.
kernel: "6.1"

# What is simulated: so many boots of the node, each for so long, with chance drawn from the seed.
duration: 24h
replications: 8
seed: first

node:
  interfaces:
    - { name: eth0, addresses: [10.10.85.105/24] }
    - { name: cni0, kind: bridge, addresses: [10.23.77.129/25] } # pods take their addresses from this network
  podNetwork: bridge

# As in /etc/sysctl.d; the kernel's own parser reads the values.
sysctls:
  net.ipv4.ip_local_port_range: 1024 65000
  # net.ipv4.ip_local_reserved_ports: 30000-32767   # what prevents the failures

kubelet: { version: 1.23.10 }
kubeProxy: { version: 1.23.10, mode: ipvs, nodePortRange: 30000-32767 }

services:
  - name: default/web
    type: NodePort
    clusterIP: 10.96.0.20
    ports: [{ port: 80, nodePort: 30080, targetPort: 8080 }]
    endpoints: [10.23.78.12, 10.23.78.13] # pods of other nodes
  - { generate: 20, name: others, type: NodePort, nodePorts: random, endpoints: [10.23.78.20] }

pods:
  - name: default/nginx
    listen: [80]
    readinessProbe: { httpGet: { port: 80 }, periodSeconds: 10, timeoutSeconds: 2, failureThreshold: 3 }
  - name: default/app
    replicas: 20
    listen: [8080]
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 10 }
    livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 10 }

# Other connections of the node: a monitoring agent that reports to its server.
churn:
  - { name: monitoring, from: node, to: 10.10.85.10:10051, rate: 2/s, arrivals: poisson, closes: client }

# What must come out; otherwise the exit code is 1.
expect:
  - { that: probes.byCause.port-exhaustion, equals: 0 }
`;
