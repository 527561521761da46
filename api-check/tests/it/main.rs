//! x
use api_check::{sample::samples, *};
#[test]
fn counts() {
    let spec = openapi::read("/work/shared/openapi/v8.0".as_ref()).unwrap();
    let sdk =
        sdk::read("/tmp/wt/apicheck/target/interop-python/lib/python3.11/site-packages/zohocrmsdk".as_ref())
            .unwrap();
    println!("{} {}", spec.operations.len(), sdk.operations.len());
    let mut n = 0;
    for o in &sdk.operations {
        if spec.at(&o.method, &o.path).next().is_none() {
            n += 1;
            println!("{}", o.title());
        }
    }
    println!("{n}");
    for d in [&spec, &sdk] {
        let t = std::time::Instant::now();
        let (mut bodies, mut bytes, mut br, mut un, mut none) = (0, 0, 0, 0, 0);
        for o in &d.operations {
            let roots: Vec<_> = o.successes().filter(|c| c.1.is_json()).filter_map(|c| c.1.schema).collect();
            let s = samples(&d.schemas, &roots);
            if s.bodies.is_empty() {
                none += 1;
                println!("none {}", o.title());
            }
            bodies += s.bodies.len();
            br += s.branches;
            un += s.untaken.len();
            bytes += s.bodies.iter().map(|b| b.body.to_string().len()).sum::<usize>();
            if !s.untaken.is_empty() || s.bodies.len() > 60 {
                println!("{} {} bodies, {:?} of {}", o.title(), s.bodies.len(), s.untaken.len(), s.branches);
            }
        }
        println!(
            "{bodies} bodies, {bytes} bytes, {br} branches, {un} untaken, {none} none, {:?}",
            t.elapsed()
        );
    }
}
