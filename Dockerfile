FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG COMMIT=
RUN make build COMMIT="$COMMIT"

FROM scratch
COPY --from=build /src/build/launcher /launcher
COPY --from=build /src/handler/python/launcher_context.py /launcher_context.py
COPY --from=build /src/handler/node/launcher-context.cjs /launcher-context.cjs
COPY LICENSE THIRD_PARTY_LICENSES.txt /licenses/
USER 65532:65532
ENTRYPOINT ["/launcher", "run", "--"]
