# The product's image: the web, the workers, the clock and the migrations differ only in their command. A second, small one
# is Twilio's stand-in, for trials: `--target simulator`. docker-compose.yml names the commands; docs/production.md says
# how to run it.

# 3.11 is what the tests run on. Every pinned package also has wheels for 3.12 to 3.14, on x86-64 and ARM.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim-trixie AS base
# A fixed number, so that volumes keep their owner and a cluster can check that it is not root.
RUN groupadd --gid 10001 app \
    && useradd --uid 10001 --gid app --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /app

# Wheels only: nothing is compiled, so no stage needs a compiler.
FROM base AS build
# Those of the lock and no others, by the hashes of their files: scripts/lock writes it.
COPY requirements.lock /tmp/
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv install --only-binary :all: --no-input --root-user-action ignore \
    --require-hashes -r /tmp/requirements.lock

# Twilio's stand-in needs an HTTP server and nothing of the product.
FROM base AS simulator
COPY requirements-simulator.lock /tmp/
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv install --only-binary :all: --no-input --root-user-action ignore \
    --require-hashes -r /tmp/requirements-simulator.lock \
    && install -d -o app -g app /var/lib/simulator
COPY local/__init__.py local/
COPY local/simulator local/simulator
RUN python -m compileall -q .
USER 10001:10001
EXPOSE 8900
CMD ["python", "-m", "local.simulator", "--host=0.0.0.0", "--port=8900", "--data=/var/lib/simulator"]

# The last one, which is built when none is named.
FROM base AS product
# ENV_FILE is empty: settings come from the container's environment and from no file.
ENV ENV_FILE="" \
    STATIC_ROOT=/srv/static \
    WEB_HOST=0.0.0.0

COPY --from=build /opt/venv /opt/venv
COPY manage.py ./
COPY core core
COPY clientes clientes
COPY campaigns campaigns
COPY workers workers
# Compiled and collected here, because at run time the file system may be read-only. Neither step needs a
# secret, a database or any other setting, so none is in a layer.
RUN python -m compileall -q . && python manage.py collectstatic --no-input \
    && install -d -o app -g app -m 700 /var/lib/sms

USER 10001:10001
EXPOSE 8000

# For the web; the other parts have their own checks in docker-compose.yml. The slim image has no curl, and the
# Host must be one that ALLOWED_HOSTS lists.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "\
import os, urllib.request as http; \
url = 'http://127.0.0.1:' + (os.environ.get('PORT') or '8000') + '/healthz'; \
host = (os.environ.get('ALLOWED_HOSTS') or 'localhost').split(',')[0].strip().lstrip('.'); \
http.urlopen(http.Request(url, headers={'Host': host}), timeout=4)"]

CMD ["gunicorn", "core.wsgi:application", "-c", "core/gunicorn_conf.py"]
