# An image of one static program, its model inside, and nothing else: no shell, no root, nothing to write to but the data.
#   buildah bud --timestamp 0 --tag moderato .          (or docker build --tag moderato .)
# Where the program is built already, its stage is replaced by a directory, and no other image is needed:
#   packaging/image/root out/root-of-image && buildah bud --timestamp 0 --build-context build=out --tag moderato .
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
