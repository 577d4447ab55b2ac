#!/bin/bash
# Runs one sweep on engines that people have and compares the bytes of each merged result with those of one machine:
#   Slurm         a job array on two slurmd of this machine, with a controller of their own
#   GNU parallel  over two sshd of this machine
# Usage, after npm run build: bash test/engines/compare.sh
# The programs come from the Debian packages slurmctld, slurmd, slurm-client, parallel and openssh-server; an engine whose
# programs are not there is skipped with a word of which. All daemons listen on the loopback only, keep their files in one
# temporary folder and end with the script.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH="$PATH:/usr/sbin:/sbin"
WORK="$(mktemp -d)"
PIDS=()
FAILED=0

finish() {
  for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait || true
  rm -rf "$WORK"
}
trap finish EXIT

export SIM="$(command -v node) $PWD/dist/app/cli/main.js"
SWEEP=(scenarios/nodelocaldns.yaml --vary kernel=3.10.0-1160.el7,5.4.188,6.1 --vary "churn.zabbix.rate=1/s..9/s/2")
SIZE=(--duration 10m --replications 2)

# Says whether all programs of an engine are there.
has() {
  local engine="$1" program missing=()
  shift
  for program in "$@"; do command -v "$program" >/dev/null || missing+=("$program"); done
  [ "${#missing[@]}" = 0 ] && return 0
  echo "skipped $engine: not installed: ${missing[*]}"
  return 1
}

# Compares a merged result with the one of this machine; times are the one file that may differ.
compare() {
  if diff -r --exclude timings.json "$WORK/whole" "$2"; then
    echo "$1: $(find "$2/points" -name '*.json' | wc -l) points, the same bytes as one machine"
  else
    echo "$1: OTHER BYTES than one machine"
    FAILED=1
  fi
}

# Waits until a command succeeds, 30 seconds at most.
until_true() {
  for _ in $(seq 150); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done
  echo "gave up waiting for: $*" >&2
  return 1
}

slurm() {
  has Slurm slurmctld slurmd sbatch sinfo || return 0
  local name user
  user="$(id -un)"
  mkdir -p "$WORK/slurm/state" "$WORK/slurm/spool"
  export SLURM_CONF="$WORK/slurm/slurm.conf"
  cat >"$SLURM_CONF" <<END
ClusterName=portfall
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=17000
AuthType=auth/none
CredType=cred/none
SlurmUser=$user
SlurmdUser=$user
StateSaveLocation=$WORK/slurm/state
SlurmctldPidFile=$WORK/slurm/ctld.pid
SlurmctldLogFile=$WORK/slurm/ctld.log
SlurmdSpoolDir=$WORK/slurm/spool/%n
SlurmdPidFile=$WORK/slurm/%n.pid
SlurmdLogFile=$WORK/slurm/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
NodeName=n1 NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=17001 CPUs=1
NodeName=n2 NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=17002 CPUs=1
PartitionName=all Nodes=n1,n2 Default=YES State=UP
END
  slurmctld -D 2>/dev/null &
  PIDS+=($!)
  for name in n1 n2; do
    mkdir -p "$WORK/slurm/spool/$name"
    slurmd -D -N "$name" 2>/dev/null &
    PIDS+=($!)
  done
  until_true bash -c '[ "$(sinfo -h -o %D -t idle)" = 2 ]' || { cat "$WORK"/slurm/*.log; return 1; }
  OUT="$WORK/slurm/out" sbatch --wait --output "$WORK/slurm/task-%a.txt" "$WORK/engines/slurm.sh" ||
    { cat "$WORK"/slurm/task-*.txt "$WORK"/slurm/*.log; return 1; }
  $SIM merge "$WORK"/slurm/out/shard-* --out "$WORK/slurm/merged" >/dev/null
  compare "Slurm $(sinfo --version | tr -dc '0-9.'), $(ls -d "$WORK"/slurm/out/shard-* | wc -l) array tasks on 2 slurmd" "$WORK/slurm/merged"
}

gnu_parallel() {
  has "GNU parallel" parallel sshd ssh ssh-keygen || return 0
  local node port dir="$WORK/ssh"
  mkdir -p "$dir"
  [ "$(id -u)" != 0 ] || mkdir -p /run/sshd
  ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
  ssh-keygen -q -t ed25519 -N '' -f "$dir/user"
  cp "$dir/user.pub" "$dir/authorized"
  for node in 1 2; do
    port=$((22220 + node))
    "$(command -v sshd)" -D -f /dev/null -o ListenAddress=127.0.0.1 -o Port=$port -o HostKey="$dir/host" \
      -o AuthorizedKeysFile="$dir/authorized" -o UsePAM=no -o StrictModes=no -o PidFile=none -o PermitRootLogin=yes \
      -E "$dir/sshd$node.log" &
    PIDS+=($!)
    printf 'Host node%s\n HostName 127.0.0.1\n Port %s\n' "$node" "$port" >>"$dir/config"
  done
  cat >>"$dir/config" <<END
Host *
 IdentityFile $dir/user
 IdentitiesOnly yes
 BatchMode yes
 StrictHostKeyChecking no
 UserKnownHostsFile $dir/known
 LogLevel ERROR
END
  for node in node1 node2; do
    until_true ssh -F "$dir/config" $node true || { cat "$dir"/sshd*.log; return 1; }
  done
  OUT="$dir/out" bash "$WORK/engines/gnu-parallel.sh" --ssh "ssh -F $dir/config" --sshlogin 1/node1,1/node2 \
    --workdir "$PWD" >/dev/null
  echo "GNU parallel: shards on $(tail -n +2 "$dir/out/parallel.log" | cut -f 2 | sort | uniq -c | tr -s ' \n' ' ')"
  compare "$(parallel --version | head -1), 3 shards over 2 sshd" "$dir/out/merged"
}

[ -e dist/app/cli/main.js ] || { echo "Run npm run build first" >&2; exit 2; }
$SIM sweep "${SWEEP[@]}" "${SIZE[@]}" --out "$WORK/whole" --quiet >/dev/null
$SIM sweep "${SWEEP[@]}" "${SIZE[@]}" --engine-files "$WORK/engines" --shards 3 2>/dev/null
slurm
gnu_parallel
exit "$FAILED"
