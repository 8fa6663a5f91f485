#!/bin/bash
#SBATCH --job-name=madaline
#SBATCH --ntasks=32
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=4G
#SBATCH --time=04:00:00
# A fit on the processors of a SLURM job, with Dask (docs/scale.md); run again, it goes on:
#   sbatch slurm.sh table.parquet --target y --effort 200 -o table.madaline
set -euo pipefail

# A folder that all nodes see and only you can read, with a certificate that is made for this job:
# without it, other users of the nodes could run code on the cluster.
folder=$(mktemp -d "${SLURM_SUBMIT_DIR:-$PWD}/.madaline-XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$folder"' EXIT
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=madaline \
  -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2>/dev/null
export DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION=True
export DASK_DISTRIBUTED__COMM__TLS__CA_FILE=$folder/certificate.pem
for role in SCHEDULER WORKER CLIENT; do
  export "DASK_DISTRIBUTED__COMM__TLS__${role}__CERT=$folder/certificate.pem"
  export "DASK_DISTRIBUTED__COMM__TLS__${role}__KEY=$folder/key.pem"
done

dask scheduler --protocol tls --host "$(hostname)" --port 0 --dashboard-address 127.0.0.1:0 \
  --scheduler-file "$folder/scheduler.json" &
srun dask worker --protocol tls --scheduler-file "$folder/scheduler.json" --nthreads 1 --no-dashboard \
  --local-directory "${TMPDIR:-/tmp}" &
until [ -s "$folder/scheduler.json" ]; do sleep 1; done
address=$(python -c 'import json, sys; print(json.load(open(sys.argv[1]))["address"])' "$folder/scheduler.json")
madaline fit "$@" --on "$address"
