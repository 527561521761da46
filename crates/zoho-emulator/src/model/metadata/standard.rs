//! The modules of every emulated organization, with Zoho's fields.

use super::field::Field;
use super::module::Module;

const RATINGS: [&str; 5] = ["Acquired", "Active", "Market Failed", "Project Cancelled", "Shut Down"];
const INDUSTRIES: [&str; 6] = [
    "ASP (Application Service Provider)",
    "Data/Telecom OEM",
    "ERP (Enterprise Resource Planning)",
    "Technology",
    "Education",
    "Large Enterprise",
];
const LEAD_SOURCES: [&str; 9] = [
    "Advertisement",
    "Cold Call",
    "Employee Referral",
    "External Referral",
    "Online Store",
    "Partner",
    "Trade Show",
    "Web Download",
    "Web Research",
];
const PRIORITIES: [&str; 5] = ["High", "Highest", "Low", "Lowest", "Normal"];

pub(super) fn modules() -> Vec<Module> {
    vec![
        leads(),
        contacts(),
        accounts(),
        deals(),
        tasks(),
        events(),
        calls(),
        products(),
        notes(),
        attachments(),
        students(),
    ]
}

fn leads() -> Module {
    let statuses = [
        "Attempted to Contact",
        "Contact in Future",
        "Contacted",
        "Junk Lead",
        "Lost Lead",
        "Not Contacted",
        "Pre-Qualified",
        "Not Qualified",
    ];
    person(Module::standard("Leads", "Full_Name").labels("Lead", "Leads").duplicate_check(["Email"]))
        .field(Field::text("Company").length(200))
        .field(Field::text("Designation").length(100))
        .field(Field::website("Website"))
        .field(Field::picklist("Lead_Status", statuses))
        .field(Field::picklist("Industry", INDUSTRIES))
        .field(Field::picklist("Rating", RATINGS))
        .field(Field::integer("No_of_Employees").label("No. of Employees"))
        .field(Field::currency("Annual_Revenue"))
        .field(Field::text("Street").length(250))
        .field(Field::text("City").length(100))
        .field(Field::text("State").length(100))
        .field(Field::text("Zip_Code").length(30))
        .field(Field::text("Country").length(100))
        .field(Field::boolean("Converted__s").label("Is Converted").read_only())
        .field(Field::lookup("Converted_Account", "Accounts").read_only())
        .field(Field::lookup("Converted_Contact", "Contacts").read_only())
        .field(Field::lookup("Converted_Deal", "Deals").read_only())
        .field(Field::date_time("Converted_Date_Time").read_only())
}

fn contacts() -> Module {
    person(Module::standard("Contacts", "Full_Name").labels("Contact", "Contacts").duplicate_check(["Email"]))
        .field(Field::lookup("Account_Name", "Accounts"))
        .field(Field::text("Title").length(100))
        .field(Field::text("Department").length(50))
        .field(Field::date("Date_of_Birth"))
        .field(Field::text("Mailing_Street").length(250))
        .field(Field::text("Mailing_City").length(100))
        .field(Field::text("Mailing_State").length(100))
        .field(Field::text("Mailing_Zip").length(30))
        .field(Field::text("Mailing_Country").length(100))
}

/// Adds the fields that leads and contacts have in common.
fn person(module: Module) -> Module {
    module
        .field(Field::picklist("Salutation", ["Mr.", "Mrs.", "Ms.", "Dr.", "Prof."]))
        .field(Field::text("First_Name").length(40))
        .field(Field::text("Last_Name").length(80).mandatory())
        .field(Field::text("Full_Name").length(120).read_only())
        .field(Field::email("Email"))
        .field(Field::email("Secondary_Email"))
        .field(Field::phone("Phone"))
        .field(Field::phone("Mobile"))
        .field(Field::text("Fax").length(30))
        .field(Field::picklist("Lead_Source", LEAD_SOURCES))
        .field(Field::text("Skype_ID").length(50))
        .field(Field::text("Twitter").length(50))
        .field(Field::boolean("Email_Opt_Out"))
        .field(Field::text_area("Description"))
        .field(Field::consent("Data_Processing_Basis_Details"))
        .field(Field::record_image("Record_Image"))
}

fn accounts() -> Module {
    let types =
        ["Analyst", "Competitor", "Customer", "Distributor", "Integrator", "Investor", "Other", "Partner"];
    Module::standard("Accounts", "Account_Name")
        .labels("Account", "Accounts")
        .duplicate_check(["Account_Name"])
        .field(Field::text("Account_Name").length(200).mandatory())
        .field(Field::lookup("Parent_Account", "Accounts"))
        .field(Field::phone("Phone"))
        .field(Field::website("Website"))
        .field(Field::text("Account_Number").length(40))
        .field(Field::picklist("Account_Type", types))
        .field(Field::picklist("Industry", INDUSTRIES))
        .field(Field::picklist("Rating", RATINGS))
        .field(Field::integer("Employees"))
        .field(Field::currency("Annual_Revenue"))
        .field(Field::text("Billing_Street").length(250))
        .field(Field::text("Billing_City").length(100))
        .field(Field::text("Billing_State").length(100))
        .field(Field::text("Billing_Code").length(30))
        .field(Field::text("Billing_Country").length(100))
        .field(Field::text_area("Description"))
        .field(Field::record_image("Record_Image"))
}

fn deals() -> Module {
    let stages = [
        "Qualification",
        "Needs Analysis",
        "Value Proposition",
        "Identify Decision Makers",
        "Proposal/Price Quote",
        "Negotiation/Review",
        "Closed Won",
        "Closed Lost",
        "Closed Lost to Competition",
    ];
    Module::standard("Deals", "Deal_Name")
        .labels("Deal", "Deals")
        .duplicate_check(["Deal_Name"])
        .field(Field::text("Deal_Name").length(120).mandatory())
        .field(Field::picklist("Stage", stages).mandatory())
        .field(Field::picklist("Pipeline", ["Standard (Standard)"]))
        .field(Field::lookup("Account_Name", "Accounts"))
        .field(Field::lookup("Contact_Name", "Contacts"))
        .field(Field::currency("Amount"))
        .field(Field::date("Closing_Date"))
        .field(Field::percent("Probability"))
        .field(Field::currency("Expected_Revenue").read_only())
        .field(Field::picklist("Type", ["Existing Business", "New Business"]))
        .field(Field::text("Next_Step").length(100))
        .field(Field::picklist("Lead_Source", LEAD_SOURCES))
        .field(Field::text_area("Description"))
}

fn tasks() -> Module {
    let statuses = ["Not Started", "Deferred", "In Progress", "Completed", "Waiting for input"];
    activity("Tasks", "Subject")
        .labels("Task", "Tasks")
        .field(Field::text("Subject").mandatory())
        .field(Field::date("Due_Date"))
        .field(Field::picklist("Status", statuses))
        .field(Field::picklist("Priority", PRIORITIES))
        .field(Field::date_time("Closed_Time").read_only())
        .field(Field::boolean("Send_Notification_Email"))
}

fn events() -> Module {
    activity("Events", "Event_Title")
        .labels("Meeting", "Meetings")
        .field(Field::text("Event_Title").label("Title").mandatory())
        .field(Field::date_time("Start_DateTime").label("From").mandatory())
        .field(Field::date_time("End_DateTime").label("To").mandatory())
        .field(Field::boolean("All_day"))
        .field(Field::text("Venue").label("Location"))
}

fn calls() -> Module {
    let purposes = ["Prospecting", "Administrative", "Negotiation", "Demo", "Project", "Desk"];
    activity("Calls", "Subject")
        .labels("Call", "Calls")
        .field(Field::text("Subject").mandatory())
        .field(Field::picklist("Call_Type", ["Outbound", "Inbound", "Missed"]).mandatory())
        .field(Field::date_time("Call_Start_Time").mandatory())
        .field(Field::text("Call_Duration"))
        .field(Field::picklist("Call_Purpose", purposes))
        .field(Field::text("Call_Result"))
}

/// A module with the fields that tasks, meetings and calls have in common.
fn activity(api_name: &str, display_field: &str) -> Module {
    Module::standard(api_name, display_field)
        .field(Field::any_record("What_Id").label("Related To"))
        .field(Field::lookup("Who_Id", "Contacts").label("Contact Name"))
        .field(Field::text_area("Description"))
}

fn products() -> Module {
    let categories = ["Hardware", "Software", "CRM Applications"];
    Module::standard("Products", "Product_Name")
        .labels("Product", "Products")
        .duplicate_check(["Product_Name"])
        .field(Field::text("Product_Name").length(200).mandatory())
        .field(Field::text("Product_Code").length(40))
        .field(Field::boolean("Product_Active"))
        .field(Field::picklist("Product_Category", categories))
        .field(Field::currency("Unit_Price"))
        .field(Field::percent("Commission_Rate"))
        .field(Field::number("Qty_in_Stock").label("Quantity in Stock"))
        .field(Field::date("Sales_Start_Date"))
        .field(Field::date("Sales_End_Date"))
        .field(Field::boolean("Taxable"))
        .field(Field::text_area("Description"))
        .field(Field::record_image("Record_Image"))
}

fn notes() -> Module {
    Module::standard("Notes", "Note_Title")
        .labels("Note", "Notes")
        .field(Field::text("Note_Title").length(120))
        .field(Field::text_area("Note_Content"))
        .field(Field::any_record("Parent_Id").mandatory())
}

fn attachments() -> Module {
    Module::standard("Attachments", "File_Name")
        .labels("Attachment", "Attachments")
        .field(Field::text("File_Name").mandatory())
        .field(Field::text("Size"))
        .field(Field::any_record("Parent_Id").mandatory())
}

/// A custom module with a field of every kind that a custom module can have.
fn students() -> Module {
    let marks = [
        Field::picklist("Subject", ["Mathematics", "Physics", "History", "Music"]),
        Field::integer("Points"),
        Field::date("Examined_On"),
        Field::text("Remark"),
    ];
    Module::new("Students")
        .labels("Student", "Students")
        .field(Field::email("Email").unique())
        .field(Field::phone("Phone"))
        .field(Field::website("Website"))
        .field(Field::auto_number("Student_Number"))
        .field(Field::big_integer("Passport_Number"))
        .field(Field::picklist("Status", ["Applied", "Enrolled", "Graduated", "Left"]))
        .field(Field::multi_select_picklist("Interests", ["Art", "Chess", "Music", "Robotics", "Sports"]))
        .field(Field::date("Date_of_Birth"))
        .field(Field::date_time("Enrolled_At"))
        .field(Field::integer("Number_of_Courses"))
        .field(Field::number("Grade_Average"))
        .field(Field::currency("Tuition_Fee"))
        .field(Field::percent("Scholarship"))
        .field(Field::boolean("Active"))
        .field(Field::lookup("Guardian", "Contacts"))
        .field(Field::lookup("School", "Accounts"))
        .field(Field::user("Tutor"))
        .field(Field::subform("Marks", marks))
        .field(Field::file_upload("Certificates"))
        .field(Field::image_upload("Portrait"))
        .field(Field::consent("Data_Processing_Basis_Details"))
        .field(Field::text_area("Remarks"))
        .field(Field::record_image("Record_Image"))
}
