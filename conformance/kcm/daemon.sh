#!/bin/sh
# daemon.sh heimdal|sssd: runs that credential manager, with all that it keeps in the current directory; for namespaces
# of mounts of their own, since its paths are fixed. It listens on run/.heim_org.h5l.kcm-socket, where clients look too.
set -e
here=$PWD
for name in run etc/conf.d log sss/db sss/mc sss/pipes/private sss/pubconf sss/secrets; do
  mkdir -p "$name"
done
chmod 700 sss/*
if [ "$1" = heimdal ]; then
  mount --bind "$here/run" /run
  exec /usr/sbin/kcm -c /dev/null
fi
# What the daemon reads must be for its owner alone.
umask 077
cat > etc/sssd.conf << END
[sssd]
services = nss
domains = files
[domain/files]
id_provider = files
[kcm]
socket_path = /run/.heim_org.h5l.kcm-socket
END
for pair in sss:/var/lib/sss etc:/etc/sssd log:/var/log/sssd run:/run; do
  mount --bind "$here/${pair%%:*}" "${pair#*:}"
done
/usr/sbin/sssd --genconf
exec /usr/libexec/sssd/sssd_kcm --uid 0 --gid 0 --logger=files
