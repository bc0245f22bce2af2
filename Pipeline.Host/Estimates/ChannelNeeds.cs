using System.Globalization;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Pressure;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Estimates;

/// <summary>What the channels of a recording lack to be estimated from.</summary>
internal static class ChannelNeeds
{
    /// <summary>A line for each channel, its kind, its rate and what would be needed; null where something is estimated from one of them.</summary>
    public static IReadOnlyList<string>? FindNone(Recording recording)
    {
        var needs = new List<string>();
        foreach (var (_, rate, layout) in recording.Devices)
            foreach (var channel in layout.Span)
            {
                if (rate >= Stages.MinRateHz(channel.Kind))
                    return null;
                needs.Add(Need(channel, rate));
            }
        return needs;
    }

    /// <summary>A line for each channel of a kind that is estimated from whose rate is too low for it, beside others that are not.</summary>
    public static IEnumerable<string> TooSlow(Recording recording) =>
        from device in recording.Devices
        from channel in device.Channels.Span.ToArray()
        where device.RateHz < Stages.MinRateHz(channel.Kind)
        select $"not estimated from: {Need(channel, device.RateHz)}";

    /// <summary>A line for each arterial pressure whose unit is none of pressure.</summary>
    public static IEnumerable<string> WithoutUnit(Recording recording) =>
        from device in recording.Devices
        from channel in device.Channels.Span.ToArray()
        where channel.Kind == SignalKind.Abp && !PressureStage.Takes(channel.Unit)
        select $"{WfdbHeader.Shown(channel.Label)}, kind abp: unit '{WfdbHeader.Shown(channel.Unit)}' is none of pressure (mmHg, kPa, Pa, cmH2O): pulse rate only, status no_unit for pressures";

    private static string Quoted(string label) => label.Contains(' ') ? $"'{label}=KIND'" : $"{label}=KIND";

    private static string Need(Channel channel, double rate)
    {
        var label = WfdbHeader.Shown(channel.Label);
        var kind = channel.Kind == SignalKind.Unknown ? "unknown" : Names.Of(channel.Kind);
        var known = string.Join(", ", Enum.GetValues<SignalKind>().Where(one => Stages.MinRateHz(one) is not null)
            .Select(one => string.Create(CultureInfo.InvariantCulture, $"{Names.Of(one)} of {Stages.MinRateHz(one)} Hz or more")));
        return string.Create(CultureInfo.InvariantCulture, $"{label}, kind {kind}, {rate:0.####} Hz: ")
            + (Stages.MinRateHz(channel.Kind) is { } least
                ? string.Create(CultureInfo.InvariantCulture, $"{least} Hz or more are needed for {kind}")
                : $"needed is {known}{(channel.Kind == SignalKind.Unknown ? $"; --channel {Quoted(label)} names its kind" : "")}");
    }
}
