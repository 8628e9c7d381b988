#!/bin/sh
# Runs a program of the Debian layer on this machine, with the libraries of the layer. The name it is called by says
# which one.
root=$(dirname "$0")/root
program=$(basename "$0")
for lib in "$root"/usr/lib/*-linux-gnu; do break; done
for loader in "$lib"/ld-linux-*.so.*; do break; done
paths=$lib:$lib/blas:$lib/lapack:$lib/pulseaudio
case $program in
nginx)
	exec "$loader" --library-path "$paths" --argv0 nginx "$root/usr/sbin/nginx" \
		-g "load_module $root/usr/lib/nginx/modules/ngx_rtmp_module.so;" "$@"
	;;
*)
	exec "$loader" --library-path "$paths" "$root/usr/bin/$program" "$@"
	;;
esac
