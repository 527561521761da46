//! Reads the operations in a Python file of the SDK line by line. The files are generated, with one statement per line.

/// One operation in the SDK's source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Method {
    /// The name: `get_roles`.
    pub(super) name: String,
    /// The package of its classes: `zohocrmsdk.src.com.zoho.crm.api.roles`.
    pub(super) package: String,
    pub(super) path: String,
    pub(super) verb: String,
    /// The query parameters that the call always sends.
    pub(super) query: Vec<String>,
    /// The headers that the call always sends.
    pub(super) headers: Vec<String>,
    pub(super) request_type: Option<String>,
    /// The class of the body.
    pub(super) body: Option<String>,
    pub(super) response_type: String,
    /// The class of the response.
    pub(super) response: String,
}

/// Reads the operations of a file.
pub(super) fn methods(text: &str) -> Vec<Method> {
    let bodies = text.split("\n\tdef ").skip(1);
    bodies.filter(|body| body.contains("handler_instance.api_call")).map(method).collect()
}

fn method(body: &str) -> Method {
    let mut method = Method { name: before(body, "(").to_owned(), ..Method::default() };
    for line in body.lines().map(str::trim) {
        if let Some(part) = line.strip_prefix("api_path = api_path + ") {
            method.path += &path_part(part);
        } else if let Some(verb) = between(line, "set_http_method(Constants.REQUEST_METHOD_", ")") {
            method.verb = verb.to_owned();
        } else if let Some(name) = between(line, "add_param(Param('", "'") {
            method.query.push(name.to_owned());
        } else if let Some(name) = between(line, "add_header(Header('", "'") {
            method.headers.push(name.to_owned());
        } else if let Some(kind) = between(line, "set_content_type('", "')") {
            method.request_type = Some(kind.to_owned());
        } else if let Some(class) = between(line, "not isinstance(request, ", ")") {
            method.body = Some(class.to_owned());
        } else if let Some((class, kind)) =
            between(line, "api_call(", "')").and_then(|call| call.split_once(".__module__, '"))
        {
            (method.response, method.response_type) = (class.to_owned(), kind.to_owned());
        } else if let Some((module, _)) = line
            .strip_prefix("from zohocrmsdk.src.")
            .and_then(|rest| rest.split_once(" import "))
            .filter(|(module, _)| module.matches('.').count() > 4)
        {
            let package = module.rsplit_once('.').map_or(module, |(package, _)| package);
            method.package = format!("zohocrmsdk.src.{package}");
        }
    }
    method
}

/// A part of a path: a literal stays as it is, `str(id)` and `str(self.__id)` become `{id}`. One literal is a whole URL.
fn path_part(expression: &str) -> String {
    if let Some(literal) = between(expression, "'", "'") {
        return literal.trim_start_matches("https://content.zohoapis.com").to_owned();
    }
    let name = between(expression, "str(", ")").unwrap_or(expression);
    format!("{{{}}}", name.trim_start_matches("self.__"))
}

fn before<'a>(text: &'a str, end: &str) -> &'a str {
    text.split(end).next().unwrap_or(text)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    Some(&rest[..rest.find(end)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_of_the_sdk_becomes_an_operation() {
        let text = "class PetsOperations(object):\n\tdef __init__(self):\n\t\tpass\n\n\tdef tame_pet(self, id, request):\n\t\t\
            if request is not None and not isinstance(request, BodyWrapper):\n\t\t\traise\n\t\tapi_path = ''\n\t\t\
            api_path = api_path + '/crm/v8/pets/'\n\t\tapi_path = api_path + str(self.__id)\n\t\t\
            handler_instance.set_http_method(Constants.REQUEST_METHOD_PUT)\n\t\t\
            handler_instance.set_category_method(Constants.REQUEST_METHOD_DELETE)\n\t\t\
            handler_instance.add_param(Param('module', 'com.zoho.crm.api.Pets.TamePetParam'), self.__module)\n\t\t\
            handler_instance.set_content_type('application/json')\n\t\t\
            from zohocrmsdk.src.com.zoho.crm.api.pets.action_handler import ActionHandler\n\t\t\
            return handler_instance.api_call(ActionHandler.__module__, 'application/json')\n";
        let expected = Method {
            name: "tame_pet".to_owned(),
            package: "zohocrmsdk.src.com.zoho.crm.api.pets".to_owned(),
            path: "/crm/v8/pets/{id}".to_owned(),
            verb: "PUT".to_owned(),
            query: vec!["module".to_owned()],
            headers: Vec::new(),
            request_type: Some("application/json".to_owned()),
            body: Some("BodyWrapper".to_owned()),
            response_type: "application/json".to_owned(),
            response: "ActionHandler".to_owned(),
        };
        assert_eq!(methods(text), [expected]);
    }
}
