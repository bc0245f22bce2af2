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
}

/// <summary>What channels measure, told from their labels in any case. A label that no pattern knows stays unknown.</summary>
public static class ChannelKinds
{
    // Labels as PhysioNet's records, EDF+'s standard texts and the wards' monitors write them.
    private static readonly (string Pattern, SignalKind Kind)[] Patterns =
    [
        ("PPG*", SignalKind.Ppg), ("PLETH*", SignalKind.Ppg),
        ("ACC*", SignalKind.Acc),
        ("GYR*", SignalKind.Gyr),
        ("AECG*", SignalKind.FetalEcg), ("ABDOMEN*", SignalKind.FetalEcg),
        ("ECG*", SignalKind.Ecg), ("MLI", SignalKind.Ecg), ("MLII", SignalKind.Ecg), ("MLIII", SignalKind.Ecg), ("I", SignalKind.Ecg),
        ("II", SignalKind.Ecg), ("III", SignalKind.Ecg), ("V*", SignalKind.Ecg), ("AV*", SignalKind.Ecg), ("MCL*", SignalKind.Ecg),
        ("ABP", SignalKind.Abp), ("ART", SignalKind.Abp),
        ("RESP*", SignalKind.Resp),
        ("PCG*", SignalKind.HeartSound),
        ("CVP", SignalKind.Cvp),
        ("FHR", SignalKind.FetalHeartRate),
        ("UC", SignalKind.UterineActivity),
        ("R", SignalKind.Camera), ("G", SignalKind.Camera), ("B", SignalKind.Camera),
    ];

    /// <summary>The names that <c>--channel</c> takes, <c>ignore</c> apart.</summary>
    public static IEnumerable<string> AllNames => Enum.GetValues<SignalKind>().Where(kind => kind != SignalKind.Unknown).Select(Names.Of);

    /// <summary>The kind of a channel with this label; <see cref="SignalKind.Unknown"/> when no pattern fits.</summary>
    public static SignalKind Of(string label)
    {
        foreach (var (pattern, kind) in Patterns)
            if (Matches(pattern, label))
                return kind;
        return SignalKind.Unknown;
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
