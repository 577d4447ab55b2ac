/**
 * The counters of one network namespace, under the names that `nstat` and `conntrack -S` print.
 *
 * Source: net/ipv4/proc.c snmp4_tcp_list, snmp4_udp_list, snmp4_net_list and snmp4_ipextstats_list;
 * net/netfilter/nf_conntrack_standalone.c, v6.1.
 */
export class Counters {
  IpInReceives = 0;
  IpInAddrErrors = 0;
  IpInDelivers = 0;
  IpOutNoRoutes = 0;
  IpForwDatagrams = 0;
  IcmpOutDestUnreachs = 0;
  TcpActiveOpens = 0;
  TcpPassiveOpens = 0;
  TcpAttemptFails = 0;
  TcpEstabResets = 0;
  TcpInSegs = 0;
  TcpOutSegs = 0;
  TcpRetransSegs = 0;
  TcpOutRsts = 0;
  UdpInDatagrams = 0;
  UdpNoPorts = 0;
  UdpOutDatagrams = 0;
  TcpExtEmbryonicRsts = 0;
  TcpExtTW = 0;
  TcpExtTWRecycled = 0;
  TcpExtTCPTimeWaitOverflow = 0;
  TcpExtTCPTimeouts = 0;
  TcpExtTCPSynRetrans = 0;
  TcpExtListenOverflows = 0;
  TcpExtListenDrops = 0;
  TcpExtTCPChallengeACK = 0;
  TcpExtIPReversePathFilter = 0;
  IpExtInNoRoutes = 0;
  nf_conntrack_found = 0;
  nf_conntrack_invalid = 0;
  nf_conntrack_insert_failed = 0;
  nf_conntrack_drop = 0;
  nf_conntrack_early_drop = 0;
  /** Packets with a source that no honest host could have sent (`in_martian_src` of /proc/net/stat/rt_cache). */
  in_martian_src = 0;
}
