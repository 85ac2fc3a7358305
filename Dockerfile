# The server, the worker and every command of Hashcart in one image, without the embedded PostgreSQL:
# production names its database. The lock's first section is what runs; its third makes the wheel.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv --without-pip /opt/hashcart

COPY requirements.lock ./
RUN sed '/^# == embedded PostgreSQL ==$/,$d' requirements.lock > server.txt \
 && sed -n '/^# == build ==$/,/^# == development ==$/p' requirements.lock > build.txt \
 && pip --python /opt/hashcart/bin/python install --require-hashes --no-deps -r server.txt \
 && pip --python /opt/hashcart/bin/python install --require-hashes --no-deps --target /opt/build -r build.txt

COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY graphql graphql
COPY migrations migrations
COPY openapi openapi
RUN PYTHONPATH=/opt/build /opt/hashcart/bin/python -m hatchling build -t wheel -d /dist \
 && pip --python /opt/hashcart/bin/python install --no-deps --no-index /dist/*.whl \
 && /opt/hashcart/bin/hashcart --version


FROM python:3.13-slim
LABEL org.opencontainers.image.title="Hashcart" \
      org.opencontainers.image.description="Turns replies on a brand's posts into carts, and tells the brand's software." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/hashcart /opt/hashcart
ENV PATH=/opt/hashcart/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HASHCART_ENV=production \
    HASHCART_HOST=0.0.0.0 \
    HASHCART_PORT=8000
WORKDIR /var/lib/hashcart
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os; from urllib.request import urlopen; urlopen('http://127.0.0.1:' + os.environ['HASHCART_PORT'] + '/livez', timeout=2)"]
ENTRYPOINT ["hashcart"]
CMD ["serve"]
