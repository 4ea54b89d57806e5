# syntax=docker/dockerfile:1
# Two images from one binary:
#   docker build -t earworm .                          decodes WAV, MP3, FLAC and Vorbis; nothing else is in it
#   docker build -t earworm:ffmpeg --target ffmpeg .   hears AAC, Opus, AIFF, WMA and what else ffmpeg knows
# --build-arg REVISION="$(git rev-parse HEAD)" lets earworm --version name the commit.
# Both run as user 65532, write to /data and /tmp alone, and have no shell they need.

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download && go mod verify
COPY . .
# The same flags as `make build`: the same source gives the same bytes.
ARG REVISION=
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.revision=${REVISION}" -o /out/earworm . \
 && mkdir -p /out/data

FROM debian:12.12-slim AS ffmpeg
# ffmpeg follows the security updates of the image's release.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates ffmpeg \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/earworm /usr/local/bin/earworm
COPY --from=build --chown=65532:65532 /out/data /data
ENV EARWORM_STORE=/data/earworm.db
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/earworm"]
CMD ["serve"]

FROM gcr.io/distroless/static-debian12:nonroot AS earworm
COPY --from=build /out/earworm /usr/local/bin/earworm
COPY --from=build --chown=65532:65532 /out/data /data
ENV EARWORM_STORE=/data/earworm.db
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/earworm"]
CMD ["serve"]
