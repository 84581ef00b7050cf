# The steps are the scripts under docker/, so that they can be tried in any Debian root.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY LICENSE NOTICE README.md pyproject.toml hatch_build.py package.json package-lock.json ./
COPY requirements requirements
COPY migrations migrations
COPY openapi openapi
COPY docker docker
COPY app app
RUN docker/install-compiler.sh && docker/install-catalogue.sh /opt/catalogue

FROM python:3.11-slim-bookworm
COPY docker/install-system.sh docker/add-user.sh docker/alive.sh /usr/local/lib/catalogue/
RUN /usr/local/lib/catalogue/install-system.sh && /usr/local/lib/catalogue/add-user.sh
COPY --from=build /opt/catalogue /opt/catalogue
ENV PATH=/opt/catalogue/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    CATALOGUE_DATA_DIR=/var/lib/catalogue \
    CATALOGUE_HOST=0.0.0.0 \
    CATALOGUE_PORT=8080
USER catalogue
WORKDIR /var/lib/catalogue
VOLUME /var/lib/catalogue
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/lib/catalogue/alive.sh"]
CMD ["catalogue", "serve"]
