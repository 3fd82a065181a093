"""The pages on which stand-ins ask people to sign in or to agree: one look, and what they are is said first."""

from html import escape

from starlette.responses import HTMLResponse

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:2.5rem auto;padding:0 1.25rem}"
    "h1{font-size:1.5rem;line-height:1.3}label{overflow-wrap:anywhere}label,li{display:block;padding:.15rem 0}"
    ".note{padding:.6rem .9rem;border:1px solid;border-radius:.5rem}"
    "fieldset{border:1px solid #8888;border-radius:.5rem}ul{padding:0}li{overflow-wrap:anywhere}"
    "select,button,.button{font:inherit;padding:.4rem .9rem;border:1px solid;border-radius:.5rem}"
    "select{max-width:100%}.button{display:inline-block;color:inherit;text-decoration:none}"
)


def standin_page(whose: str, heading: str, content: str, status: int = 200) -> HTMLResponse:
    """A page of the stand-in for `whose` service; `content` is HTML."""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(heading)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        f'<main><p class="note">This is a local stand-in for {escape(whose)}, on this computer. No real account is '
        f"involved.</p><h1>{escape(heading)}</h1>{content}</main></body></html>",
        status,
    )
