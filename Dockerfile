# Two stages: one installs what requirements.lock pins, the other runs it. `docker build -t moorage .`
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/moorage && /opt/moorage/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 moorage && useradd --system --uid 10001 --gid moorage --home-dir /var/lib/moorage --create-home moorage
COPY --from=build /opt/moorage /opt/moorage
WORKDIR /app
COPY pyproject.toml LICENSE ./
COPY migrations migrations
COPY moorage moorage
RUN /opt/moorage/bin/python -m compileall -q moorage migrations
ENV PATH=/opt/moorage/bin:$PATH PYTHONUNBUFFERED=1 ENVIRONMENT=production HOST=0.0.0.0 PORT=8000 MOORAGE_HOME=/var/lib/moorage
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health', timeout=4)"]
ENTRYPOINT ["python", "-m", "moorage"]
CMD ["serve"]
