//! Names of the model as names of Rust.

/// `DynamoDBTargets` as `dynamo_db_targets`; words of the language are escaped.
pub fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, letter) in letters.iter().enumerate() {
        if letter.is_uppercase() && at > 0 {
            let after_word = !letters[at - 1].is_uppercase();
            let before_word = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
            if (after_word || before_word) && letters[at - 1] != '_' {
                snake.push('_');
            }
        }
        snake.extend(letter.to_lowercase());
    }
    const WORDS: &[&str] = &["type", "match", "ref", "final", "virtual", "where", "move", "use", "default", "abstract"];
    if WORDS.contains(&snake.as_str()) { format!("r#{snake}") } else { snake }
}

/// `TableInput` as `TABLE_INPUT`. The model has `Double` as well as `double`: small ones get an underscore.
pub fn constant(name: &str) -> String {
    let mark = if name.starts_with(char::is_lowercase) { "_" } else { "" };
    format!("{}{mark}", snake(name).trim_start_matches("r#").to_uppercase())
}

/// `SSE-KMS` as `SseKms`, `G.025X` as `G025x`.
pub fn variant(value: &str) -> String {
    let mut variant = String::new();
    for word in value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let mixed = word.chars().any(char::is_lowercase);
        let mut letters = word.chars();
        variant.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        variant.extend(letters.map(|c| if mixed { c } else { c.to_ascii_lowercase() }));
    }
    if variant.starts_with(|c: char| c.is_ascii_digit()) {
        variant.insert(0, 'V');
    }
    // The only word that cannot be escaped.
    if variant == "Self" { "SelfValue".to_owned() } else { variant }
}
