# make lab         install once, then open your own copies of the lessons (my_lessons/) in JupyterLab
# make test        install once, then run every test, the notebooks among them
# make instruction-sets   run the numeric tests as on an old processor, and with two threads (see tests/instruction_sets.py)
# make notebooks   build and execute the notebooks whose source has changed
# make site        write the executed lessons as a static site into site/; with npm, the networks draw in it
# make serve       serve that site on this machine (PORT=8000), and on no other
# make data        draw the sprites again
# make weights     train everything that weights/ holds, and score it
# make bench       time training, sampling, pictures and start beside the sprite course's way (FLAGS=--quick: 5 minutes)

PYTHON ?= python3
BIN := .venv/bin
# torch's threads wait briefly, then sleep: with the default they spin, and any other load (a browser, say) slows all down
export GOMP_SPINCOUNT ?= 10000
LESSONS := $(patsubst notebooks/py/%.py,notebooks/%.ipynb,$(wildcard notebooks/py/*.py))

.PHONY: lab test instruction-sets notebooks site site-packages serve data weights bench
.DELETE_ON_ERROR:

lab: .venv/installed
	$(BIN)/python notebooks/plumbing/lab.py $(LAB_FLAGS)

test: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

instruction-sets: .venv/installed
	$(BIN)/python tests/instruction_sets.py --extremes --numprocesses auto --maxprocesses 4 --dist loadfile

notebooks: $(LESSONS)
	$(BIN)/python notebooks/plumbing/make_pictures.py

notebooks/%.ipynb: notebooks/py/%.py .venv/installed
	$(BIN)/python notebooks/plumbing/build.py $<

site: .venv/installed site-packages
	$(BIN)/python notebooks/plumbing/make_site.py $(SITE_FLAGS)

# onnxruntime-web, with which the site draws, and axe-core, with which its tests check it; both are pinned with their hashes
WEB := notebooks/plumbing/site
site-packages:
	@if ! command -v npm > /dev/null; then echo "there is no npm here: the site is built without the networks"; \
	elif ! cmp -s $(WEB)/package-lock.json $(WEB)/node_modules/installed.json; then \
		(cd $(WEB) && npm ci --ignore-scripts --no-audit --no-fund && cp package-lock.json node_modules/installed.json) || \
		echo "npm could not install what $(WEB)/package.json asks for: the site is built without the networks"; fi

PORT ?= 8000
serve: .venv/installed
	@test -f site/index.html || $(MAKE) site
	@echo "http://127.0.0.1:$(PORT)/index.html   (Ctrl-C ends it)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory site $(PORT)

data: .venv/installed
	$(BIN)/python data/make_sprites.py

weights: .venv/installed
	sh weights/train_all.sh $(BIN)/python

bench: .venv/installed
	$(BIN)/python tests/bench.py $(FLAGS)

.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python notebooks/plumbing/setup_cell.py
	@touch $@
