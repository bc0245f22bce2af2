using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>One <c>--channel LABEL=KIND</c>: what the channels with a label are. A null kind means that they are left out.</summary>
/// <param name="Label">Label, in any case; a <c>*</c> at its end stands for any rest.</param>
/// <param name="Kind">Their kind; null: ignored.</param>
public sealed record ChannelOverride(string Label, SignalKind? Kind)
{
    /// <summary>Reads <c>LABEL=KIND</c>; false, with what is wrong, when it is something else.</summary>
    public static bool TryParse(string text, out ChannelOverride? parsed, out string fault)
    {
        (parsed, fault) = (null, "");
        var split = text.LastIndexOf('=');
        if (split <= 0 || split == text.Length - 1)
        {
            fault = $"'{text}' is not LABEL=KIND";
            return false;
        }
        var (label, name) = (text[..split].Trim(), text[(split + 1)..].Trim());
        if (name.Equals("ignore", StringComparison.OrdinalIgnoreCase))
            parsed = new(label, null);
        else if (ChannelKinds.TryByName(name, out var kind))
            parsed = new(label, kind);
        else
            fault = $"'{name}' is no kind; there are {string.Join(' ', ChannelKinds.AllNames)} and ignore";
        return parsed is not null;
    }

    /// <summary>Whether a channel with <paramref name="label"/> is meant.</summary>
    public bool Matches(string label) => ChannelKinds.Matches(Label, label);

    /// <summary>Whether <paramref name="signal"/> is meant, by its label or by its place in the file (<c>column2</c>).</summary>
    internal bool Matches(RecordedSignal signal) => Matches(signal.Label) || (signal.Alias.Length > 0 && Matches(signal.Alias));
}

/// <summary>What channels measure, told from their labels in any case. A label that no rule knows stays unknown.</summary>
public static class ChannelKinds
{
    /// <summary>The names that <c>--channel</c> takes, <c>ignore</c> apart.</summary>
    public static IEnumerable<string> AllNames => Enum.GetValues<SignalKind>().Where(kind => kind != SignalKind.Unknown).Select(Names.Of);

    /// <summary>
    /// The kinds of all channels of a recording. <c>V</c> without a number is the chest lead of a bedside monitor only where its unit is a
    /// voltage, or a limb lead is beside it: volume and speed are written so as well. <c>X Y Z</c> are an accelerometer where their unit is
    /// one of acceleration.
    /// </summary>
    internal static SignalKind[] OfAll(IReadOnlyList<RecordedSignal> signals)
    {
        var hasLimbLead = signals.Any(signal => ChannelLabels.IsLead(signal.Label));
        return [.. signals.Select(signal => signal.Label.Trim(' ', ',') switch
        {
            "V" or "v" when hasLimbLead || Units.IsVoltage(signal.Unit) => SignalKind.Ecg,
            "X" or "Y" or "Z" or "x" or "y" or "z" when Units.IsAcceleration(signal.Unit) => SignalKind.Acc,
            _ => ChannelLabels.KindOf(signal.Label),
        })];
    }

    /// <summary>The kind with this name (<c>ppg</c>, <c>ecg</c>, …), in any case.</summary>
    public static bool TryByName(string name, out SignalKind kind)
    {
        foreach (var candidate in Enum.GetValues<SignalKind>())
            if (candidate != SignalKind.Unknown && Names.Of(candidate).Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                kind = candidate;
                return true;
            }
        kind = SignalKind.Unknown;
        return false;
    }

    internal static bool Matches(string pattern, string label) => pattern.EndsWith('*')
        ? label.StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.OrdinalIgnoreCase)
        : label.Equals(pattern, StringComparison.OrdinalIgnoreCase);
}
