#!/bin/sh
# Builds the root filesystem that all the servers' images share: Debian with the servers of the
# platform, as one layer. Runs as root in a mount and PID namespace of its own, so that whatever it
# mounts is gone when it ends, however it ends.
#
# In:  MIRROR   address of the Debian mirror, the one that this machine's apt uses
#      SUITE    release to install
#      ROOT     empty folder to fill
#      LAYER    file that receives the layer, a tar archive
set -eu

# The suite is newer than the debootstrap of a stable Debian; every unreleased suite uses sid's script.
debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
	"$SUITE" "$ROOT" "$MIRROR" /usr/share/debootstrap/scripts/sid

mount -t proc proc "$ROOT/proc"
# Packages must not start their daemons in the chroot.
printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
chmod 755 "$ROOT/usr/sbin/policy-rc.d"
cat >"$ROOT/etc/dpkg/dpkg.cfg.d/slim" <<-'CFG'
	force-unsafe-io
	path-exclude=/usr/share/doc/*
	path-exclude=/usr/share/man/*
	path-exclude=/usr/share/info/*
	path-exclude=/usr/share/lintian/*
	path-exclude=/usr/share/locale/*
CFG
# A mirror that is a snapshot has an expired Release file; its signature is verified all the same.
echo 'Acquire::Check-Valid-Until "false";' >"$ROOT/etc/apt/apt.conf.d/snapshot"

cat >"$ROOT/tmp/install.sh" <<-'INSTALL'
	set -eu
	export DEBIAN_FRONTEND=noninteractive LC_ALL=C

	# The numeric users of the official images, made before the packages would choose others.
	# Debian gives 26 to a group of tape drives.
	groupmod --gid 1026 tape
	groupadd --gid 26 postgres
	useradd --uid 26 --gid 26 --home-dir /var/lib/postgresql --shell /bin/bash postgres
	groupadd --gid 999 rabbitmq
	useradd --uid 999 --gid 999 --home-dir /var/lib/rabbitmq --shell /bin/bash rabbitmq
	groupadd --non-unique --gid 999 redis
	useradd --non-unique --uid 999 --gid 999 --home-dir /var/lib/redis redis
	groupadd --gid 101 nginx
	useradd --uid 101 --gid 101 --home-dir /nonexistent nginx
	# CloudNativePG's exporter is let in as the user of this name.
	groupadd --gid 996 pgbouncer
	useradd --uid 998 --gid 996 --home-dir /nonexistent pgbouncer

	apt-get update
	apt-get install --yes --no-install-recommends postgresql-common
	echo 'create_main_cluster = false' >>/etc/postgresql-common/createcluster.conf
	apt-get install --yes --no-install-recommends \
		postgresql-18 pgbouncer nginx libnginx-mod-rtmp redis-server redis-tools rabbitmq-server \
		prometheus-redis-exporter ffmpeg curl jq hey busybox iproute2 procps ca-certificates locales
	apt-get clean

	# Databases want these two; the package brings all locales of the world.
	find /usr/lib/locale -mindepth 1 -maxdepth 1 ! -name C.utf8 ! -name en_US.utf8 -exec rm -rf {} +
	# ffmpeg links the sound and video outputs of a desktop; their drivers are loaded on use only.
	rm -rf /usr/lib/*/libLLVM* /usr/lib/*/libgallium* /usr/lib/*/dri /usr/libexec/glycin-loaders
	rm -rf /usr/lib/systemd/systemd* /usr/share/i18n /usr/share/locale/* /usr/share/mime /usr/share/X11
	rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* /usr/share/doc/* /usr/share/man/* /tmp/*

	# Where CloudNativePG starts it.
	ln -s ../sbin/pgbouncer /usr/bin/pgbouncer
	# The layout of the official RabbitMQ image: plain scripts that do not insist on root.
	# Debian's wrappers in /usr/sbin switch the user by runuser.
	ln -s /usr/lib/rabbitmq/lib/rabbitmq_server-* /opt/rabbitmq
	ln -s /usr/bin/prometheus-redis-exporter /redis_exporter
	install -d -o 999 -g 999 /var/lib/rabbitmq /var/log/rabbitmq
	install -d -o 26 -g 26 /var/lib/postgresql /var/run/postgresql
INSTALL
chroot "$ROOT" sh /tmp/install.sh
rm -f "$ROOT/tmp/install.sh" "$ROOT/usr/sbin/policy-rc.d" "$ROOT/etc/hostname" "$ROOT/etc/resolv.conf" \
	"$ROOT/etc/machine-id" "$ROOT/var/lib/dbus/machine-id"
# What the package versions were, for whoever compares a run with an earlier one.
chroot "$ROOT" dpkg-query --show >"$LAYER.packages"

tar --create --file "$LAYER" --directory "$ROOT" --sort=name --numeric-owner --mtime=@0 \
	--exclude './proc/*' --exclude './sys/*' --exclude './dev/*' --exclude './run/*' .
