"""Other inputs of the kinds of `attacks.json`: `kind` is the id of an attack."""

MORE = [
    {
        "kind": "broker-status-header",
        "id": "status-409-consumer-deleted",
        "headers": {"Status": "409", "Description": "Consumer Deleted"},
        "parts": [["{}", 1]],
    },
    {
        "kind": "broker-status-header",
        "id": "status-in-small-letters",
        "headers": {"status": "503", "description": "No Responders"},
        "parts": [["", 1]],
    },
    {
        "kind": "broker-status-header",
        "id": "status-of-a-batch",
        "headers": {"Status": "404", "Nats-Pending-Messages": "0", "Nats-Pending-Bytes": "0"},
        "parts": [["{}", 1]],
    },
    {
        "kind": "broker-status-100",
        "id": "heartbeat-of-a-message-sent",
        "subject": "message.sent",
        "headers": {
            "Status": "100",
            "Description": "Idle Heartbeat",
            "Nats-Last-Consumer": "1",
            "Nats-Last-Stream": "1",
        },
        "parts": [["{}", 1]],
    },
    {
        "kind": "broker-status-100",
        "id": "flow-control-of-a-campaign",
        "subject": "campaign.synced",
        "headers": {
            "Status": "100",
            "Description": "FlowControl Request",
            "Nats-Consumer-Stalled": "x.y",
        },
        "parts": [["{}", 1]],
    },
    {
        "kind": "broker-status-100",
        "id": "status-of-an-erased-lead",
        "subject": "lead.erased",
        "headers": {"Status": "408 Request Timeout"},
        "parts": [["{}", 1]],
    },
    {"kind": "event-near-max-payload", "id": "two-byte-letters", "parts": [["é", 524283]]},
    {
        "kind": "event-near-max-payload",
        "id": "json-that-is-too-long",
        "parts": [['{"body_text":"', 1], ["y", 900000], ['"}', 1]],
    },
    {
        "kind": "event-near-max-payload",
        "id": "long-headers",
        "headers": {"x-note": "@LONG"},
        "parts": [["x", 960000]],
    },
    {
        "kind": "mail-unmatched-end-tags",
        "id": "tables-without-end",
        "parts": [["<p>What does it cost?</p>", 1], ["<table><tr><td>", 34000]],
    },
    {
        "kind": "mail-unmatched-end-tags",
        "id": "links-that-close-others",
        "parts": [
            ["<p>What does it cost?</p>", 1],
            ["<a href=x><p>", 20000],
            ["</div></a>", 20000],
        ],
    },
    {
        "kind": "mail-unmatched-end-tags",
        "id": "half-comments",
        "parts": [["<p>What does it cost?</p>", 1], ["<!-- <!", 70000]],
    },
    {
        "kind": "mail-notice-lines",
        "id": "attributions-without-end",
        "parts": [
            ["What does it cost?\n", 1],
            ["On Mon, Mar 3, 2025 at 10:00 Tom <tom@example.com> wrote:\n", 8000],
        ],
    },
    {
        "kind": "mail-notice-lines",
        "id": "header-blocks",
        "parts": [
            ["What does it cost?\n", 1],
            ["From: a\nSent: Monday\nTo: b\nSubject: c\n", 11500],
        ],
    },
    {
        "kind": "mail-notice-lines",
        "id": "quotes-by-turns",
        "parts": [["What does it cost?\n", 1], ["> x\ny\n", 60000]],
    },
    {
        "kind": "mail-charset-names",
        "id": "encoded-words",
        "parts": [
            ["Subject: ", 1],
            ["=?x@ID@Nyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy?q?a?=\r\n ", 500],
            ["\r\nContent-Type: text/plain\r\n\r\nWhat does it cost?", 1],
        ],
    },
    {
        "kind": "mail-charset-names",
        "id": "parameters-in-parts",
        "parts": [
            ["MIME-Version: 1.0\r\nContent-Type: text/plain; charset*0*=utf-8''x@ID; ", 1],
            ["charset*@N*=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; ", 500],
            ["\r\n\r\nWhat does it cost?", 1],
        ],
    },
    {
        "kind": "mail-charset-names",
        "id": "transfer-encodings",
        "parts": [
            ["MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", 1],
            [
                (
                    "--b\r\nContent-Type: text/plain; charset=iso-8859-@N@ID\r\n"
                    "Content-Transfer-Encoding: x@ID@N\r\n\r\nhi\r\n"
                ),
                99,
            ],
            ["--b--\r\n", 1],
        ],
    },
    {
        "kind": "file-comments",
        "id": "quotes-of-a-table",
        "name": "table.csv",
        "parts": [["a,b\n", 1], ['"x""', 20000]],
    },
    {
        "kind": "file-comments",
        "id": "groups-of-rtf",
        "name": "text.rtf",
        "parts": [["{\\rtf1 ", 1], ["{\\*\\x ", 30000]],
    },
    {
        "kind": "file-comments",
        "id": "headers-of-a-mail",
        "name": "mail.eml",
        "parts": [
            ["Subject: a\nFrom: b@c.example\nTo: d@e.example\nContent-Type: text/plain", 1],
            [";a*0=1", 40000],
            ["\n\nhi", 1],
        ],
    },
    {
        "kind": "template-cache",
        "id": "fallbacks",
        "parts": [['{{ a | default: "x" }} ', 300], ["@N@ID", 1]],
    },
    {
        "kind": "template-cache",
        "id": "other-systems-placeholders",
        "parts": [["*|A|* %B% [First Name] ", 340], ["@N@ID", 1]],
    },
    {
        "kind": "unknown-fields",
        "id": "names-as-long-as-may-be",
        "parts": [['{"a":1', 1], [',"' + "k" * 5000 + '@N":1', 200], ["}", 1]],
    },
    {
        "kind": "unknown-fields",
        "id": "unknown-in-each-step",
        "routes": [["followup_svc", "/api/sequences"]],
        "parts": [['{"name":"x","steps":[{"a":1}', 1], [',{"k@N":1}', 6000], ["]}", 1]],
    },
    {
        "kind": "unknown-fields",
        "id": "wrong-turns-of-a-reply",
        "routes": [["draft_svc", "/api/replies"]],
        "parts": [['{"thread":[1', 1], [',{"k@N":1}', 30000], ["]}", 1]],
    },
    {
        "kind": "unknown-fields",
        "id": "unknown-fields-of-a-persona",
        "routes": [["persona_svc", "/api/personas"]],
        "parts": [
            ['{"name":"x"', 1],
            [',"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk@N":1', 19000],
            ["}", 1],
        ],
    },
    {
        "kind": "unknown-fields",
        "id": "wrong-values-of-metadata",
        "routes": [["persona_svc", "/api/personas"]],
        "parts": [['{"name":"x","metadata":{"a":1', 1], [',"k@N":1e999', 19000], ["}}", 1]],
    },
    {
        "kind": "import-without-token",
        "id": "a-list-of-replies",
        "path": "/api/replies",
        "service": "draft_svc",
        "content_type": "application/cloudevents-batch+json",
        "parts": [["[{}", 1], [",{}", 200000], ["]", 1]],
    },
    {
        "kind": "import-without-token",
        "id": "files",
        "path": "/api/personas/018f0000-0000-7000-8000-000000000000/files",
        "service": "ingest_svc",
        "content_type": "multipart/form-data; boundary=b",
        "parts": [
            [
                '--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nx\r\n',
                6000,
            ],
            ["--b--\r\n", 1],
        ],
    },
    {
        "kind": "import-without-token",
        "id": "with-a-forged-token",
        "headers": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."},
        "parts": [["---\na: x\n", 1], [" y\n", 160000], ["---\nx", 1]],
    },
    {
        "kind": "half-a-body",
        "id": "with-a-forged-token",
        "headers": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."},
        "parts": [["{", 60000]],
    },
    {
        "kind": "half-a-body",
        "id": "in-chunks",
        "headers": {"Transfer-Encoding": "chunked"},
        "parts": [["ea60\r\n", 1], ["{", 60000], ["\r\n", 1]],
    },
    {
        "kind": "drafts-list",
        "id": "pages-of-html",
        "field": "body_html",
        "parts": [["<p>How much?</p>", 1], ["<p>x y z</p>", 41000]],
    },
    {
        "kind": "drafts-list",
        "id": "long-histories",
        "field": "raw_email",
        "parts": [
            [
                (
                    "Content-Type: text/plain\r\n\r\nHow much?\r\n\r\n"
                    "On Mon, Mar 3, 2025 at 10:00 Tom <tom@example.com> wrote:\r\n"
                ),
                1,
            ],
            ["> words of before\r\n", 20000],
        ],
    },
    {
        "kind": "prompt-lead-fields",
        "id": "every-field-of-a-lead",
        "fields": ["company", "first_name", "last_name", "phone", "time_zone"],
        "parts": [["C", 90000]],
    },
    {
        "kind": "prompt-lead-fields",
        "id": "wide-letters",
        "fields": ["company"],
        "parts": [["ﷺ", 150000]],
    },
    {
        "kind": "parked-header",
        "id": "cookie",
        "headers": {"Cookie": "session=SECRETHDR"},
        "parts": [['{"secret":"BODYCANARY"}', 1]],
    },
    {
        "kind": "parked-header",
        "id": "header-with-our-beginning",
        "headers": {"dlq-note": "SECRETHDR", "X-Api-Key": "SECRETHDR", "tracestate": "SECRETHDR"},
        "parts": [["not json", 1]],
    },
    {"kind": "replay-after-lower-role", "id": "as-an-editor", "role": "editor"},
    {
        "kind": "replay-after-lower-role",
        "id": "a-sequence",
        "role": "viewer",
        "service": "followup_svc",
        "path": "/api/sequences",
        "body": {"name": "S", "steps": [{"body": "Hi", "delay": {"amount": 1, "unit": "days"}}]},
    },
    {"kind": "url-empty-label", "id": "two-dots", "parts": [["https://a..example.org/x", 1]]},
    {
        "kind": "url-empty-label",
        "id": "a-long-label",
        "parts": [["https://", 1], ["a", 64], [".example.org/x", 1]],
    },
    {
        "kind": "url-empty-label",
        "id": "hyphens-and-dots",
        "parts": [["https://-.-..example.org./x", 1]],
    },
]
