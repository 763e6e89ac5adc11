# One image for web server, workers and scheduler. Build it with
#   docker compose build
# PIP_ARGS goes to pip, for instance to choose another build of torch.

FROM node:20-bookworm-slim AS web
WORKDIR /build
COPY frontend/web/package.json frontend/web/package-lock.json frontend/web/.npmrc ./
RUN npm ci
COPY frontend/web ./
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
ARG PIP_ARGS=""
WORKDIR /build
RUN python -m venv /venv
COPY pyproject.toml requirements/constraints.txt ./
# The dependencies alone: this layer stays as long as they do, whatever else changes.
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > dependencies.txt \
    && /venv/bin/pip install --no-cache-dir ${PIP_ARGS} -c constraints.txt -r dependencies.txt

FROM python:3.11-slim-bookworm
ARG LAMELLA_CODE_VERSION=""
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app/platform:/app \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=lamella.config.settings \
    OMP_WAIT_POLICY=passive \
    LAMELLA_DATA=/data \
    LAMELLA_CODE_VERSION=${LAMELLA_CODE_VERSION}
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin lamella \
    && install --directory --owner lamella --group lamella /data
WORKDIR /app
COPY --from=packages /venv /venv
COPY manage.py ./
COPY platform ./platform
COPY models ./models
COPY workers ./workers
COPY --from=web /build/dist ./frontend/web/dist
RUN python -m compileall -q platform models workers
USER lamella
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", "lamella.config.wsgi:application"]
