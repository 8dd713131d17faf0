#!/usr/bin/env bash
# Makes the files in tests/hms/kryo anew. See README.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$here/../../.." && pwd)/tests/hms/kryo/expressions.tsv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Kryo looks into classes of Java itself.
opens=()
for package in java.lang java.lang.invoke java.lang.reflect java.math java.net java.nio java.text java.time java.util \
  java.util.concurrent java.util.regex sun.util.calendar; do
  opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
done

release() {
  local hive=$1 hadoop=$2 java=${3:+$3/bin/}
  local classes=$work/$hive
  mkdir -p "$classes"
  mvn -q -B -f "$here/pom.xml" -Dhive.version="$hive" -Dhadoop.version="$hadoop" \
    dependency:build-classpath -Dmdep.outputFile="$work/path" >&2
  local path
  path=$(cat "$work/path")
  "${java}javac" -nowarn -cp "$path" -d "$classes" "$here/src/main/java/Corpus.java" 2>/dev/null
  if [ "$hive" = 3.1.3 ]; then
    # The compiler must not see the class that this one is put in the place of.
    local exec=${path%%:*}
    mkdir -p "$work/kryo"
    (cd "$work/kryo" && "${java}jar" xf "$exec" org/apache/hive/com/esotericsoftware)
    "${java}javac" -cp "$work/kryo" -d "$classes" "$here"/src/java8/org/apache/hadoop/hive/ql/exec/*.java
  fi
  # Dates of Hive 2.3 are moments at the client's midnight.
  "${java}java" -Duser.timezone="${ZONE:-Europe/Berlin}" "${opens[@]}" -cp "$classes:$path" Corpus "$hive" "$here/partitions.tsv" \
    <"$here/expressions.txt" 2>"$work/errors"
  grep ' has no ' "$work/errors" >&2 || true
}

{
  release 2.3.10 3.3.6
  release 3.1.3 3.3.6
  release 4.0.1 3.3.6
  if [ -n "${JAVA21_HOME:-}" ]; then
    # What 4.2 sends as 4.0 does is not said twice.
    release 4.2.0 3.4.1 "$JAVA21_HOME"
  fi
} | awk -F'\t' '!seen[$2 "\t" $5]++' >"$out.new"
mv "$out.new" "$out"
cp "$here/partitions.tsv" "$(dirname "$out")/partitions.tsv"
wc -l "$out"
