//! The operations in a Python file of the SDK. A generator wrote them, a statement a line, so lines are all that is read.

/// One operation as the SDK's source has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Method {
    /// `get_roles`.
    pub(super) name: String,
    /// `zohocrmsdk.src.com.zoho.crm.api.roles`: where its classes are.
    pub(super) package: String,
    pub(super) path: String,
    pub(super) verb: String,
    /// Parameters and headers that every call of the class has.
    pub(super) query: Vec<String>,
    pub(super) headers: Vec<String>,
    pub(super) request_type: Option<String>,
    /// The class of what is sent.
    pub(super) body: Option<String>,
    pub(super) answer_type: String,
    /// The class of what comes back.
    pub(super) answer: String,
}

/// The operations of a file.
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
            (method.answer, method.answer_type) = (class.to_owned(), kind.to_owned());
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

/// `'/crm/v8/settings/roles/'` as it is, `str(id)` and `str(self.__id)` as `{id}`. One path is a whole URL.
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
    fn a_method_of_the_sdk_is_read() {
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
            answer_type: "application/json".to_owned(),
            answer: "ActionHandler".to_owned(),
        };
        assert_eq!(methods(text), [expected]);
    }
}
