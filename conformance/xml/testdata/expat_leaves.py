"""Reads XML documents with expat and writes their leaves: the names down to each, and its text.

Each line of the input is one document, in Base64; each line of the output is a JSON array, or a text that says what is
wrong with the document.
"""

import base64
import json
import sys
import xml.parsers.expat


def leaves(document):
    found, names, texts, inner = [], [], [], []

    def start(name, _):
        if inner:
            inner[-1] = True
        names.append(name)
        texts.append("")
        inner.append(False)

    def end(_):
        text = texts.pop()
        if not inner.pop():
            found.append(["/".join(names), text])
        names.pop()

    def data(text):
        texts[-1] += text

    parser = xml.parsers.expat.ParserCreate(namespace_separator=None)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    parser.Parse(document, True)
    return found


for line in sys.stdin:
    try:
        print(json.dumps(leaves(base64.b64decode(line))))
    except xml.parsers.expat.ExpatError as error:
        print(json.dumps(str(error)))
