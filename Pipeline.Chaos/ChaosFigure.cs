using System.Globalization;

namespace Pipeline.Chaos;

/// <summary>One measured figure.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">Its value; NaN: it could not be measured.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Limit">What is promised, at most; null when nothing is.</param>
/// <param name="Least">What is promised, at least; null when nothing is.</param>
internal sealed record ChaosFigure(string Name, double Value, string Unit, double? Limit = null, double? Least = null)
{
    /// <summary>Whether the value is as promised; a figure without a promise always is, one that could not be measured never.</summary>
    public bool IsKept => (Limit is not { } limit || Value <= limit) && (Least is not { } least || Value >= least);

    /// <summary>A line for a person: name, value, unit, and what is promised.</summary>
    public override string ToString()
    {
        var promise = Limit is { } limit ? string.Create(CultureInfo.InvariantCulture, $"promised: at most {limit:0.##}")
            : Least is { } least ? string.Create(CultureInfo.InvariantCulture, $"promised: at least {least:0.##}") : "";
        var line = string.Create(CultureInfo.InvariantCulture, $"{Name,-42} {Value,12:#,0.##} {Unit}");
        return promise.Length == 0 ? line : $"{line}   ({promise}{(IsKept ? "" : ": MISSED")})";
    }
}
