namespace Pipeline.Host.Recordings;

/// <summary>What a person says about recordings that their files do not.</summary>
/// <param name="Channels">Kinds of channels by label; the last one that fits a label counts.</param>
/// <param name="RateHz">Samples per second of a CSV file; null: its time column tells.</param>
public sealed record RecordingOptions(IReadOnlyList<ChannelOverride> Channels, double? RateHz = null)
{
    /// <summary>Seconds after which nothing is read; null: all is.</summary>
    public double? UntilSeconds { get; init; }

    /// <summary>Skin in a video: <c>X,Y,WIDTH,HEIGHT</c> in pixels; null: it is searched for.</summary>
    public string? Region { get; init; }

    /// <summary>What was said of a signal: the last override that fits; null: nothing.</summary>
    internal ChannelOverride? Of(RecordedSignal signal) => Channels.LastOrDefault(channel => channel.Matches(signal));

    /// <summary>Whether a signal is left out by a person: nothing of it is checked.</summary>
    internal bool IsIgnored(RecordedSignal signal) => Of(signal) is { Kind: null };

    /// <summary>Nothing said.</summary>
    public static RecordingOptions None { get; } = new([]);
}
