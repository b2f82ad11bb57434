# An image of one static program, its model inside, and nothing else: no shell, no root, nothing to write to but the data.
#   buildah bud --timestamp 0 --tag moderato .
FROM docker.io/library/rust:1.95.0-bookworm AS build
WORKDIR /source
COPY . .
RUN packaging/image/root /root-of-image

FROM scratch
COPY --from=build /root-of-image/ /
USER 65532:65532
ENV MODERATO_LISTEN=0.0.0.0:8080 MODERATO_DATA_DIR=/var/lib/moderato
VOLUME /var/lib/moderato
EXPOSE 8080
ENTRYPOINT ["/moderato"]
CMD ["serve"]
