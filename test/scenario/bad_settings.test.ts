import { describe, expect, it } from "vitest";
import { diagnosticsOf, SMALL_SCENARIO, smallScenarioWith } from "./small_scenario.ts";

// Goal: each kind of wrong input is refused with file, line, column, the line itself and the mend.
// Method: the small scenario, which has no problem, with one thing made wrong; the texts are compared whole.

describe("the kernel and its sysctls", () => {
  it("refuses a kernel without a row and names the walks it may have", () => {
    expect(diagnosticsOf(smallScenarioWith('"5.4.188"', "5.15.0-91-generic"))).toMatchInlineSnapshot(`
      "
      s.yaml:2:9: Cannot simulate this kernel: "5.15.0-91-generic" has no row in the era table: its vendor's patches decide how it walks the ports (5.12-5.17 or 5.18+)
        2 | kernel: 5.15.0-91-generic
                    ^^^^^^^^^^^^^^^^^
        expected: kernel: { build, portWalk, hz } with portWalk 5.12-5.17 or 5.18+
        to mend:  write kernel: { build: 5.15.0-91-generic, portWalk: 5.18+, hz: 250 } with the walk and tick rate of that build
      "
    `);
    expect(diagnosticsOf(smallScenarioWith('"5.4.188"', "{ build: 5.4.188, hz: 333 }"))).toMatchInlineSnapshot(`
      "
      s.yaml:2:31: Cannot simulate this kernel: a kernel cannot tick 333 times a second
        2 | kernel: { build: 5.4.188, hz: 333 }
                                          ^^^
        expected: hz: 100, 250, 300 or 1000
        to mend:  write hz: 100, 250, 300 or 1000
      "
    `);
  });

  it("refuses a port range that runs backwards", () => {
    expect(diagnosticsOf(smallScenarioWith("1024 65000", "60999 32768"))).toMatchInlineSnapshot(`
      "
      s.yaml:10:33: Cannot set "net.ipv4.ip_local_port_range" to "60999 32768": 60999 32768 runs backwards (EINVAL)
        10 |   net.ipv4.ip_local_port_range: 60999 32768
                                             ^^^^^^^^^^^
        expected: the lowest and the highest port, such as 32768 60999
        to mend:  write 32768 60999
      "
    `);
  });

  it("refuses an en dash in a list of reserved ports", () => {
    expect(diagnosticsOf(smallScenarioWith('"10250"', "30000\u201332767"))).toMatchInlineSnapshot(`
      "
      s.yaml:11:37: Cannot set "net.ipv4.ip_local_reserved_ports" to "30000–32767": "–" (U+2013, an en dash) stands where a "-" belongs (EINVAL)
        11 |   net.ipv4.ip_local_reserved_ports: 30000–32767
                                                 ^^^^^^^^^^^
        expected: ports and ranges with commas between them, such as 8080,30000-32767
        to mend:  write 30000-32767
      "
    `);
  });

  it("refuses a sysctl that the kernel does not have, or not any more", () => {
    const at = "  net.ipv4.ip_local_port_range";
    expect(diagnosticsOf(smallScenarioWith(at, `  net.ipv4.tcp_tw_recycle: 1\n${at}`))).toMatchInlineSnapshot(`
      "
      s.yaml:10:3: Cannot set "net.ipv4.tcp_tw_recycle" on kernel 5.4.188: it was removed in 4.12
        10 |   net.ipv4.tcp_tw_recycle: 1
               ^^^^^^^^^^^^^^^^^^^^^^^
        expected: a sysctl of kernel 5.4.188 (closest: net.ipv4.tcp_tw_reuse)
        to mend:  delete the line, or set \`kernel: "4.9.320"\` on line 2
      "
    `);
    expect(diagnosticsOf(smallScenarioWith(at, `  net.ipv4.tcp_fin_timout: 30\n${at}`))).toMatchInlineSnapshot(`
      "
      s.yaml:10:3: Cannot set "net.ipv4.tcp_fin_timout" on kernel 5.4.188: the model has no such sysctl
        10 |   net.ipv4.tcp_fin_timout: 30
               ^^^^^^^^^^^^^^^^^^^^^^^
        expected: a sysctl of kernel 5.4.188 (closest: net.ipv4.tcp_fin_timeout)
        to mend:  write net.ipv4.tcp_fin_timeout, or delete the line
      "
    `);
  });

  it("checks sysctls even when the kernel is wrong", () => {
    const text = smallScenarioWith('"5.4.188"', "99.1").replace("1024 65000", "60999 32768");
    expect(diagnosticsOf(text).match(/^s\.yaml.*$/gm)).toMatchInlineSnapshot(`
      [
        "s.yaml:2:9: Cannot simulate this kernel: kernel 99.1 is newer than 7.2, the newest in the era table",
        "s.yaml:10:33: Cannot set "net.ipv4.ip_local_port_range" to "60999 32768": 60999 32768 runs backwards (EINVAL)",
      ]
    `);
  });
});

describe("services, pods and addresses", () => {
  it("refuses a NodePort outside the range", () => {
    expect(diagnosticsOf(smallScenarioWith("nodePort: 30080", "nodePort: 8080"))).toMatchInlineSnapshot(`
      "
      s.yaml:18:35: Cannot give NodePort 8080 to service "default/web": kubeProxy.nodePortRange is 20000-40000 (line 13)
        18 |     ports: [{ port: 80, nodePort: 8080, targetPort: 8080 }]
                                               ^^^^
        expected: a port from 20000 to 40000
        to mend:  choose a port inside the range, or widen the range
      "
    `);
  });

  it("refuses two services on one NodePort, but not on two protocols", () => {
    const second = "  - { name: default/api, type: NodePort, ports: [{ port: 81, nodePort: 30080 }] }\n";
    expect(diagnosticsOf(smallScenarioWith("pods:\n", `${second}pods:\n`))).toMatchInlineSnapshot(`
      "
      s.yaml:21:72: Cannot give NodePort 30080/TCP to service "default/api": service "default/web" has it (line 18)
        21 |   - { name: default/api, type: NodePort, ports: [{ port: 81, nodePort: 30080 }] }
                                                                                    ^^^^^
        expected: a NodePort that no other service has
        to mend:  choose another NodePort for one of the two
      "
    `);
    const udp = second.replace("nodePort: 30080", "nodePort: 30080, protocol: UDP");
    expect(diagnosticsOf(smallScenarioWith("pods:\n", `${udp}pods:\n`))).toBe("none");
  });

  it("refuses a NodePort service without a NodePort and a ClusterIP service with one", () => {
    expect(diagnosticsOf(smallScenarioWith("nodePort: 30080, ", ""))).toMatchInlineSnapshot(`
      "
      s.yaml:18:21: Cannot do without a NodePort in service "default/web": its type is NodePort
        18 |     ports: [{ port: 80, targetPort: 8080 }]
                                 ^^
        expected: nodePort beside port
        to mend:  add the nodePort, or let a \`generate:\` entry draw NodePorts
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("type: NodePort", "type: ClusterIP"))).toMatchInlineSnapshot(`
      "
      s.yaml:18:25: Cannot give service "default/web" a NodePort: its type is ClusterIP
        18 |     ports: [{ port: 80, nodePort: 30080, targetPort: 8080 }]
                                     ^^^^^^^^
        expected: nodePort only with type: NodePort or LoadBalancer
        to mend:  delete nodePort, or write type: NodePort
      "
    `);
  });

  it("refuses to draw more NodePorts than the range has", () => {
    expect(diagnosticsOf(smallScenarioWith("generate: 10", "generate: 20001"))).toMatchInlineSnapshot(`
      "
      s.yaml:20:17: Cannot draw 20001 NodePorts: 20000-40000 has 20000 left
        20 |   - { generate: 20001, name: many, nodePorts: random }
                             ^^^^^
        expected: at most 20000
        to mend:  write generate: 20000, or widen kubeProxy.nodePortRange
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("nodePorts: random", "nodePorts: listed, list: [30001, 30080]")))
      .toMatchInlineSnapshot(`
      "
      s.yaml:20:17: Cannot generate 10 services with listed NodePorts: list has 2
        20 |   - { generate: 10, name: many, nodePorts: listed, list: [30001, 30080] }
                             ^^
        expected: as many entries in list as services
        to mend:  write generate: 2, or make list longer or shorter
      s.yaml:20:66: Cannot give NodePort 30080/TCP to generated service "many": service "default/web" has it (line 18)
        20 |   - { generate: 10, name: many, nodePorts: listed, list: [30001, 30080] }
                                                                              ^^^^^
        expected: a NodePort that no other service has
        to mend:  choose another NodePort for one of the two
      "
    `);
  });

  it("refuses more pods than the pod network has addresses", () => {
    expect(diagnosticsOf(smallScenarioWith("replicas: 2", "replicas: 4"))).toMatchInlineSnapshot(`
      "
      s.yaml:26:15: Cannot run 4 pods "default/app": the pod network 10.23.77.128/29 has addresses for 3 of them
        26 |     replicas: 4
                           ^
        expected: at most 3
        to mend:  write replicas: 3, or give the pod network a shorter prefix than /29
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("replicas: 2", "replicas: 3"))).toBe("none");
  });

  it("refuses an address that is used twice", () => {
    expect(diagnosticsOf(smallScenarioWith("listen: [80]", "listen: [80]\n    address: 10.23.77.129")))
      .toMatchInlineSnapshot(`
      "
      s.yaml:24:14: Cannot give 10.23.77.129 to pod "default/nginx": interface "cni0" has it (line 7)
        24 |     address: 10.23.77.129
                          ^^^^^^^^^^^^
        expected: an address that nothing else has
        to mend:  change one of the two addresses
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("10.96.0.20", "10.10.85.105"))).toMatchInlineSnapshot(`
      "
      s.yaml:17:16: Cannot give 10.10.85.105 to service "default/web": interface "eth0" has it (line 6)
        17 |     clusterIP: 10.10.85.105
                            ^^^^^^^^^^^^
        expected: an address that nothing else has
        to mend:  change one of the two addresses
      "
    `);
  });

  it("refuses a pod address outside the pod network, and pods without a network", () => {
    expect(diagnosticsOf(smallScenarioWith("listen: [80]", "listen: [80]\n    address: 10.23.77.128")))
      .toMatchInlineSnapshot(`
      "
      s.yaml:24:14: Cannot give 10.23.77.128 to pod "default/nginx": it is no host of the pod network 10.23.77.128/29
        24 |     address: 10.23.77.128
                          ^^^^^^^^^^^^
        expected: a host of 10.23.77.128/29
        to mend:  choose an address inside the pod network, or delete the key
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("kind: bridge, ", ""))).toMatchInlineSnapshot(`
      "
      s.yaml:22:11: Cannot give an address to pod "default/nginx": no interface of kind bridge has an address
        22 |   - name: default/nginx
                       ^^^^^^^^^^^^^
        expected: a pod network, or address: in the pod
        to mend:  add { name: cni0, kind: bridge, addresses: [10.23.77.129/25] } to node.interfaces
      s.yaml:25:11: Cannot give an address to pod "default/app": no interface of kind bridge has an address
        25 |   - name: default/app
                       ^^^^^^^^^^^
        expected: a pod network, or address: in the pod
        to mend:  add { name: cni0, kind: bridge, addresses: [10.23.77.129/25] } to node.interfaces
      "
    `);
  });

  it("refuses node-local-dns on an address that the node does not have", () => {
    expect(diagnosticsOf(smallScenarioWith("address: 169.254.20.10 }", "address: 169.254.25.10 }")))
      .toMatchInlineSnapshot(`
      "
      s.yaml:29:42: Cannot run node-local-dns on 169.254.25.10: no interface of the node has this address
        29 | nodeLocalDns: { version: 1.7.0, address: 169.254.25.10 }
                                                      ^^^^^^^^^^^^^
        expected: an address of node.interfaces
        to mend:  add { name: nodelocaldns, kind: dummy, addresses: [169.254.25.10/32] } to node.interfaces
      "
    `);
  });

  it("refuses two pods of one name, and churn from a pod that does not exist", () => {
    expect(diagnosticsOf(smallScenarioWith("name: default/nginx", "name: default/app-0"))).toMatchInlineSnapshot(`
      "
      s.yaml:25:11: Cannot name two pods "default/app-0": line 22 has the first
        25 |   - name: default/app
                       ^^^^^^^^^^^
        expected: a name that no other pod has
        to mend:  give one of them another name
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("from: default/app-1", "from: default/app-2"))).toMatchInlineSnapshot(`
      "
      s.yaml:31:27: Cannot connect from "default/app-2": no pod has this name (did you mean "default/app-0"?)
        31 |   - { name: zabbix, from: default/app-2, to: 10.10.85.10:10050, rate: 120/m }
                                       ^^^^^^^^^^^^^
        expected: node, default/nginx, default/app-0 or default/app-1
        to mend:  write default/app-0
      "
    `);
  });
});

describe("probes and expectations", () => {
  it("refuses a gRPC probe with a kubelet that has none", () => {
    const grpc = smallScenarioWith("httpGet: { port: 80 }", "grpc: { port: 80 }");
    expect(diagnosticsOf(grpc)).toMatchInlineSnapshot(`
      "
      s.yaml:24:23: Cannot use a gRPC probe with kubelet 1.23.10: it has none without a feature gate
        24 |     readinessProbe: { grpc: { port: 80 }, periodSeconds: 10 }
                                   ^^^^
        expected: kubelet 1.24.0 or later
        to mend:  use tcpSocket, or change kubelet.version
      "
    `);
    expect(diagnosticsOf(grpc.replace("kubelet: { version: 1.23.10", "kubelet: { version: 1.24.0"))).toBe("none");
  });

  it("refuses a probe without a handler, with two, or with a period of 0", () => {
    expect(diagnosticsOf(smallScenarioWith("httpGet: { port: 80 }, ", ""))).toMatchInlineSnapshot(`
      "
      s.yaml:24:5: Cannot use this readinessProbe: it asks nobody
        24 |     readinessProbe: { periodSeconds: 10 }
                 ^^^^^^^^^^^^^^
        expected: exactly one of httpGet, tcpSocket, exec or grpc
        to mend:  add one, such as tcpSocket: { port: 80 }
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("httpGet: { port: 80 },", "httpGet: { port: 80 }, exec: {},")))
      .toMatchInlineSnapshot(`
        "
        s.yaml:24:5: Cannot use this readinessProbe: it has httpGet and exec
          24 |     readinessProbe: { httpGet: { port: 80 }, exec: {}, periodSeconds: 10 }
                   ^^^^^^^^^^^^^^
          expected: exactly one of httpGet, tcpSocket, exec or grpc
          to mend:  keep one of them
        "
      `);
    expect(diagnosticsOf(smallScenarioWith("periodSeconds: 10", "periodSeconds: 0"))).toMatchInlineSnapshot(`
      "
      s.yaml:24:61: Cannot use "0" for "periodSeconds": it is less than 1
        24 |     readinessProbe: { httpGet: { port: 80 }, periodSeconds: 0 }
                                                                         ^
        expected: a whole number from 1 to 86400
        to mend:  write a whole number from 1 to 86400
      "
    `);
  });

  it("refuses a success threshold above 1 for a liveness probe", () => {
    expect(
      diagnosticsOf(
        smallScenarioWith("{ tcpSocket: { port: 8080 } }", "{ tcpSocket: { port: 8080 }, successThreshold: 2 }"),
      ),
    ).toMatchInlineSnapshot(`
      "
      s.yaml:28:67: Cannot use successThreshold 2 for a livenessProbe
        28 |     livenessProbe: { tcpSocket: { port: 8080 }, successThreshold: 2 }
                                                                               ^
        expected: 1: only a readinessProbe takes more
        to mend:  write 1, or delete the key
      "
    `);
  });

  it("refuses an expectation of a figure that the result does not have, or that says nothing", () => {
    expect(diagnosticsOf(smallScenarioWith("probes.probability", "probes.propability"))).toMatchInlineSnapshot(`
      "
      s.yaml:33:13: Cannot expect anything of "probes.propability": the result has no such figure (did you mean "probes.probability"?)
        33 |   - { that: probes.propability, between: [0, 4e-4] }
                         ^^^^^^^^^^^^^^^^^^
        expected: a number of the document that \`sim run --format json\` prints
        to mend:  write probes.probability
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("probes.probability", "workloads.zabix.failed"))).toMatchInlineSnapshot(`
      "
      s.yaml:33:13: Cannot expect anything of "workloads.zabix.failed": the result has no such figure (did you mean "workloads.zabbix.failed"?)
        33 |   - { that: workloads.zabix.failed, between: [0, 4e-4] }
                         ^^^^^^^^^^^^^^^^^^^^^^
        expected: a number of the document that \`sim run --format json\` prints
        to mend:  write workloads.zabbix.failed
      "
    `);
    expect(diagnosticsOf(smallScenarioWith(", between: [0, 4e-4]", ""))).toMatchInlineSnapshot(`
      "
      s.yaml:33:7: Cannot check "probes.probability": nothing is said of its value
        33 |   - { that: probes.probability }
                   ^^^^
        expected: between: [low, high], below, above or equals
        to mend:  add one of them
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("[0, 4e-4]", "[4e-4, 0]"))).toMatchInlineSnapshot(`
      "
      s.yaml:33:42: Cannot check a value between 0.0004 and 0: the bounds run backwards
        33 |   - { that: probes.probability, between: [4e-4, 0] }
                                                      ^^^^^^^^^
        expected: the lower bound first
        to mend:  write [0, 0.0004]
      "
    `);
    expect(diagnosticsOf(smallScenarioWith("[0, 4e-4]", "[0]"))).toMatchInlineSnapshot(`
      "
      s.yaml:33:42: Cannot use this list for "between": it has 1 item
        33 |   - { that: probes.probability, between: [0] }
                                                      ^^^
        expected: a list of 2
        to mend:  write a list of 2
      "
    `);
  });

  it("lists all problems of a scenario at once, in the order of their places", () => {
    const text = SMALL_SCENARIO.replace("nodePort: 30080", "nodePort: 80").replace("replicas: 2", "replicas: 40");
    const problems = diagnosticsOf(text.replace("about:", "abot:").replace("1h30m", "x"), ["kernel=1", "pod.x=2"]);
    expect(problems.match(/^\S+:\d+:\d+:/gm)).toEqual([
      "s.yaml:1:1:",
      "s.yaml:3:11:",
      "s.yaml:18:35:",
      "s.yaml:26:15:",
      "--set:1:8:",
      "--set:1:1:",
    ]);
  });
});
