# The lab for processors alone; docs/hosting.md says how to build and start it.
FROM python:3.11.15-slim-trixie

# Where pip looks for torch besides its index: see docs/hosting.md.
ARG PIP_EXTRA_INDEX_URL=

WORKDIR /app
COPY .ci/install .ci/
COPY requirements.txt requirements.lock torch-cpu.lock ./
RUN PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore bash .ci/install python requirements.txt
COPY . .
RUN useradd --uid 1000 --create-home lab && install -d -o lab -g lab /data

ENV NAMEREC_HOME=/data NAMEREC_CACHE=/data/cache PYTHONUNBUFFERED=1
USER 1000
VOLUME /data
EXPOSE 8501
HEALTHCHECK --start-period=60s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=5)"]
ENTRYPOINT ["python", "-m", "namerec"]
# All addresses of the container: who may come in must be said, or the lab shows nothing.
CMD ["lab", "--server.address", "0.0.0.0"]
