//! The HTML pages of the login. All text from requests and settings is escaped.

use crate::model::identity::{ClientApp, User};
use crate::scope::Scopes;

/// The sign-in page. `action` is the target of the form, `complaint` the error of the previous attempt.
pub(crate) fn sign_in(action: &str, users: &[User], complaint: Option<&str>) -> String {
    let complaint =
        complaint.map_or_else(String::new, |text| format!("<p class=\"bad\">{}</p>", escape(text)));
    let known: String = users
        .iter()
        .take(10)
        .map(|user| {
            format!("<li><code>{}</code> / <code>{}</code></li>", escape(&user.email), escape(&user.password))
        })
        .collect();
    let content = format!(
        "<h1>Sign in</h1>{complaint}\
         <form method=\"post\" action=\"{action}\">\
         <label>Email address<input type=\"email\" name=\"email\" autocomplete=\"username\" required autofocus></label>\
         <label>Password<input type=\"password\" name=\"password\" autocomplete=\"current-password\" required></label>\
         <button>Sign in</button></form>\
         <p>This is an emulator. It knows these users and passwords:</p><ul>{known}</ul>",
        action = escape(action),
    );
    page("Sign in", &content)
}

/// The consent page, with Accept and Reject.
pub(crate) fn consent(
    action: &str,
    client: &ClientApp,
    user: &User,
    scopes: &Scopes,
    form_token: &str,
) -> String {
    let scopes: String =
        scopes.iter().map(|scope| format!("<li><code>{}</code></li>", escape(scope))).collect();
    let content = format!(
        "<h1>{client} wants to use your data</h1>\
         <p>You are signed in as <strong>{email}</strong> ({company}).</p>\
         <p>The app asks for these scopes:</p><ul>{scopes}</ul>\
         <form method=\"post\" action=\"{action}\">\
         <input type=\"hidden\" name=\"form_token\" value=\"{form_token}\">\
         <button name=\"decision\" value=\"accept\">Accept</button>\
         <button name=\"decision\" value=\"reject\" class=\"quiet\">Reject</button></form>",
        client = escape(client.display_name()),
        email = escape(&user.email),
        company = escape(&user.company),
        action = escape(action),
        form_token = escape(form_token),
    );
    page("Allow access", &content)
}

/// The error page of an invalid request. The browser is not redirected.
pub(crate) fn error(what: &str) -> String {
    let content =
        format!("<h1>{}</h1><p>The request of the app that sent you here is invalid.</p>", escape(what));
    page("Error", &content)
}

/// Escapes text for HTML content and quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

fn page(title: &str, content: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} - Zoho emulator</title><style>{STYLE}</style></head>\
         <body><main>{content}</main></body></html>\n"
    )
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;background:#f3f4f6;color:#1f2937;margin:0}\
main{max-width:26rem;margin:4rem auto;padding:2rem;background:#fff;border-radius:8px;\
box-shadow:0 1px 4px #0002}h1{font-size:1.3rem;margin-top:0}label{display:block;margin:1rem 0}\
input{display:block;width:100%;box-sizing:border-box;padding:.5rem;font:inherit;\
border:1px solid #9ca3af;border-radius:4px}button{padding:.5rem 1.2rem;font:inherit;border:0;\
border-radius:4px;background:#1d4ed8;color:#fff;cursor:pointer}\
.quiet{background:#e5e7eb;color:#1f2937;margin-left:.5rem}.bad{color:#b91c1c}\
code{font-size:.9em;overflow-wrap:anywhere}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_values_is_escaped() {
        let page = error("<script>alert('x')</script> & \"y\"");
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;"));
    }
}
