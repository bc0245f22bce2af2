using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pipeline.Models.Signals;

/// <summary>Stored numbers → physical values: (stored − baseline) / gain in float32; a missing one becomes NaN.</summary>
internal static class StoredSamples
{
    /// <summary>Baselines below this are whole numbers that float32 holds exactly, together with any int16 taken off them.</summary>
    private const double ExactBaseline = 1 << 23;

    public static void ToPhysical(ReadOnlySpan<short> stored, in Channel channel, Span<float> destination)
    {
        var scale = 1 / channel.Gain;
        if (Math.Abs(channel.Baseline) < ExactBaseline && Math.Truncate(channel.Baseline) == channel.Baseline)
        {
            Fast(stored, (float)channel.Baseline, (float)scale, destination);
            return;
        }
        for (var i = 0; i < stored.Length; i++)
            destination[i] = stored[i] == SampleChunk.MissingInt16 ? float.NaN : (float)((stored[i] - channel.Baseline) * scale);
    }

    public static void ToPhysical(ReadOnlySpan<float> stored, in Channel channel, Span<float> destination)
    {
        if (channel is { Baseline: 0, Gain: 1 })
        {
            stored.CopyTo(destination);
            return;
        }
        destination = destination[..stored.Length];
        TensorPrimitives.Subtract(stored, (float)channel.Baseline, destination);
        TensorPrimitives.Divide(destination, (float)channel.Gain, destination);
    }

    private static void Fast(ReadOnlySpan<short> stored, float baseline, float scale, Span<float> destination)
    {
        ref var from = ref MemoryMarshal.GetReference(stored);
        ref var to = ref MemoryMarshal.GetReference(destination[..stored.Length]);
        var at = 0;
        for (; at <= stored.Length - Vector256<short>.Count; at += Vector256<short>.Count)
        {
            var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref from, (nuint)at));
            ToPhysical(low, baseline, scale).StoreUnsafe(ref to, (nuint)at);
            ToPhysical(high, baseline, scale).StoreUnsafe(ref to, (nuint)at + 8);
        }
        for (; at < stored.Length; at++)
            destination[at] = stored[at] == SampleChunk.MissingInt16 ? float.NaN : (stored[at] - baseline) * scale;
    }

    private static Vector256<float> ToPhysical(Vector256<int> stored, float baseline, float scale)
    {
        var missing = Vector256.Equals(stored, Vector256.Create((int)SampleChunk.MissingInt16)).AsSingle();
        var physical = (Vector256.ConvertToSingle(stored) - Vector256.Create(baseline)) * scale;
        return Vector256.ConditionalSelect(missing, Vector256.Create(float.NaN), physical);
    }
}
