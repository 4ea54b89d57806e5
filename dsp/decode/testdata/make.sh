#!/bin/sh
# Makes the fixtures of this folder, whose sound is the formula of signal() in
# decode_test.go: a tone at each side and a short burst every half second, by
# which a test sees level, pitch and position. Needs ffmpeg with libmp3lame,
# libvorbis and libopus. Run: go generate ./dsp/decode
set -eu
cd "$(dirname "$0")"

sound() { # rate, channels
	left='0.3*sin(2*PI*440*t)+0.3*sin(2*PI*1500*t)*lt(mod(t\,0.5)\,0.05)'
	right='0.2*sin(2*PI*660*t)'
	case $2 in
	1) echo "aevalsrc=($left+$right)/2:s=$1:d=2" ;;
	2) echo "aevalsrc=$left|$right:s=$1:d=2" ;;
	esac
}

make() { # file, rate, channels, options
	file=$1 from=$(sound "$2" "$3")
	shift 3
	ffmpeg -nostdin -v error -y -f lavfi -i "$from" \
		-metadata title=Prüfton -metadata artist=earworm -metadata album=Fixtures -fflags +bitexact -flags:a +bitexact "$@" "$file"
}

make stereo.mp3 44100 2 -c:a libmp3lame -b:a 96k
make vbr-48k.mp3 48000 2 -c:a libmp3lame -q:a 6
make untagged.mp3 44100 1 -c:a libmp3lame -b:a 48k -write_xing 0 -id3v2_version 0 -write_id3v1 0
make mpeg2.mp3 22050 2 -c:a libmp3lame -b:a 32k
make mpeg25.mp3 11025 1 -c:a libmp3lame -b:a 16k
make layer2.mp2 44100 1 -c:a mp2 -b:a 64k
make stereo.ogg 44100 2 -c:a libvorbis -q:a 1
make mono-32k.ogg 32000 1 -c:a libvorbis -q:a 0
make stereo.flac 11025 2 -c:a flac -sample_fmt s16
make deep.flac 8000 1 -c:a flac -sample_fmt s32 -bits_per_raw_sample 24
make stereo.opus 48000 2 -c:a libopus -b:a 48k
make stereo.m4a 44100 2 -c:a aac -b:a 64k -movflags +faststart
make index-last.m4a 44100 1 -c:a aac -b:a 32k
make raw.aac 44100 1 -c:a aac -b:a 32k
make mono.aiff 8000 1 -c:a pcm_s16be
make stereo.wma 44100 2 -c:a wmav2 -b:a 64k
