"""What a recording of replies proves by itself, and how two recordings differ; for record."""

from record_cases import CONFIGURATIONS
from record_replies import brief, difference

DIFFERENCES_SHOWN = 100  # Lines; a build that changes every number changes more rows than anybody reads.
FAILURES = "pinion_engine_failures_total"


def numbered(recording):
    """The rows by configuration, model and case."""
    return {" ".join((row["configuration"], row["model"], row["case"])): row for row in recording["rows"]}


def counters_of(recording, configuration):
    """What a configuration's server counted; empty for one that was not recorded."""
    return recording["configurations"].get(configuration.name, {}).get("counters", {})


def broken_laws(recording):
    """What does not hold within one recording."""
    for name, row in numbered(recording).items():
        if row["status"] != row["expected"]:
            yield f"{name}: expected status {row['expected']}, found {row['status']}: {brief(row['reply'])}"
    for configuration in CONFIGURATIONS:
        if counters := counters_of(recording, configuration):
            for proof in configuration.proofs:
                if not counters.get(proof):
                    yield f"{configuration.name}: {proof} is 0, so its replies prove less than they should"
            if counters.get(FAILURES):
                yield f"{configuration.name}: {FAILURES} is {counters[FAILURES]}"
    numbers, first = {configuration.name: configuration.numbers for configuration in CONFIGURATIONS}, {}
    for name, row in numbered(recording).items():
        alike = first.setdefault((numbers[row["configuration"]], row["request"]), row)
        if found := difference(alike, row, is_cache_compared=False):
            yield f"{name}: not as with {alike['configuration']}: {found}"


def show_laws(title, recording):
    """Prints what does not hold within a recording; returns how many laws are broken."""
    broken = list(broken_laws(recording))
    print(f"{title}: {len(recording['rows'])} replies, {len(broken)} not as they must be within one recording")
    show_lines(broken)
    return len(broken)


def show_lines(lines):
    for line in lines[:DIFFERENCES_SHOWN]:
        print(f"  {line}")
    if len(lines) > DIFFERENCES_SHOWN:
        print(f"  ... and {len(lines) - DIFFERENCES_SHOWN} more")


def show_difference(old, new):
    """Prints how two recordings differ; returns how many of their rows do."""
    for name in ("seed", "models"):
        if old[name] != new[name]:
            raise SystemExit(f"the recordings cannot be compared, {name}: {old[name]} / {new[name]}")
    racing = {configuration.name for configuration in CONFIGURATIONS if configuration.is_at_once}
    before, after, lines = numbered(old), numbered(new), []
    for name in {**before, **after}:
        if name not in before or name not in after:
            lines.append(f"{name}: only in the {'older' if name in before else 'newer'}")
        elif found := difference(before[name], after[name], before[name]["configuration"] not in racing):
            lines.append(f"{name}: {found}")
    both = before.keys() & after.keys()
    requests = len({before[name]["case"] for name in both})
    servers = len(old["configurations"])
    print(f"{requests} requests, {servers} configurations: {len(both)} replies compared, {len(lines)} differ")
    show_lines(lines)
    for configuration in CONFIGURATIONS:
        counters = [counters_of(recording, configuration) for recording in (old, new)]
        told = [f"{proof} {counters[0].get(proof)} / {counters[1].get(proof)}" for proof in configuration.proofs]
        if any(counters):
            print(f"{configuration.name}: {', '.join(told) or 'nothing to prove but its replies'}")
    changed = {name.rpartition(" ")[0] for name in both if before[name]["fingerprint"] != after[name]["fingerprint"]}
    print(f"fingerprints: {'differ for ' + ', '.join(sorted(changed)) if changed else 'equal'} "
          f"(versions {old['version']} / {new['version']})")
    return len(lines)
