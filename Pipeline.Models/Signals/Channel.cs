namespace Pipeline.Models.Signals;

/// <summary>One channel of a device: what it measures and how a stored number becomes a physical one.</summary>
/// <param name="Label">The device's own name of the channel, for example <c>PLETH</c>, <c>MLII</c>.</param>
/// <param name="Kind">What it measures.</param>
/// <param name="Unit">Unit of the physical value (UCUM where it has one: <c>mV</c>, <c>mm[Hg]</c>, <c>g</c>, <c>1</c>).</param>
/// <param name="Gain">Stored units per physical unit; finite and not 0. physical = (stored − baseline) / gain.</param>
/// <param name="Baseline">Stored value of physical zero; finite.</param>
public readonly record struct Channel(string Label, SignalKind Kind, string Unit, double Gain = 1, double Baseline = 0);

/// <summary>The simultaneous channels of a device, in wire order. Immutable and shared by the chunks that have the same.</summary>
public sealed class ChannelLayout : IEquatable<ChannelLayout>
{
    /// <summary>Most channels a chunk may have: one bit each in <see cref="SampleChunk.LeadOff"/>.</summary>
    public const int MaxChannels = 64;

    private readonly Channel[] _channels;
    private readonly int _hash;

    /// <summary>Takes 1 to 64 channels.</summary>
    /// <exception cref="ArgumentException">None, too many, a gain of 0, or a gain or baseline that is not finite.</exception>
    public ChannelLayout(params Channel[] channels)
    {
        ArgumentNullException.ThrowIfNull(channels);
        if (channels.Length is 0 or > MaxChannels)
            throw new ArgumentException($"{channels.Length} channels; 1 to {MaxChannels} are possible.", nameof(channels));
        var hash = new HashCode();
        foreach (var channel in channels)
        {
            if (!double.IsFinite(channel.Gain) || channel.Gain == 0 || !double.IsFinite(channel.Baseline))
                throw new ArgumentException(
                    $"Channel '{channel.Label}' has gain {channel.Gain} and baseline {channel.Baseline}; both must be finite, the gain not 0.",
                    nameof(channels));
            hash.Add(channel);
        }
        _channels = channels;
        _hash = hash.ToHashCode();
    }

    /// <summary>How many channels there are.</summary>
    public int Count => _channels.Length;

    /// <summary>Channel <paramref name="index"/>, from 0.</summary>
    public ref readonly Channel this[int index] => ref _channels[index];

    /// <summary>The channels in wire order.</summary>
    public ReadOnlySpan<Channel> Span => _channels;

    /// <summary>Indices of the channels of <paramref name="kind"/>, ascending; empty when there is none.</summary>
    public int[] IndicesOf(SignalKind kind)
    {
        var found = new List<int>();
        for (var i = 0; i < _channels.Length; i++)
            if (_channels[i].Kind == kind)
                found.Add(i);
        return [.. found];
    }

    /// <inheritdoc/>
    public bool Equals(ChannelLayout? other) =>
        ReferenceEquals(this, other) || (other is not null && _hash == other._hash && _channels.AsSpan().SequenceEqual(other._channels));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ChannelLayout);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;
}
