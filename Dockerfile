# syntax=docker/dockerfile:1
# The builder runs on the machine that builds, whatever it builds for.
FROM --platform=${BUILDPLATFORM} docker.io/library/golang:1.26.8 AS builder
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=unknown
WORKDIR /workspace

# Modules change less often than code: a layer of their own.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download

COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS:-linux} GOARCH=${TARGETARCH} \
    go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o manager ./cmd && \
    CGO_ENABLED=0 GOOS=${TARGETOS:-linux} GOARCH=${TARGETARCH} \
    go build -trimpath -ldflags "-s -w" -o . ./cmd/rtmp-gate ./cmd/edge-exporter ./cmd/database-door

FROM gcr.io/distroless/static:nonroot
COPY --from=builder /workspace/manager /workspace/rtmp-gate /workspace/edge-exporter /workspace/database-door /
USER 65532:65532
ENTRYPOINT ["/manager"]
