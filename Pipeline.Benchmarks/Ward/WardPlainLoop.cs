using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Pipeline.Benchmarks.Ward;

/// <summary>
/// The workload as one would write it for itself: one thread, one loop, no actors, mailboxes, epochs or event time. What the product's path
/// adds is what it takes more than this; measured in the same run, it also tells a busy machine from a slow path.
/// </summary>
internal static class WardPlainLoop
{
    private const int Hop = 250;
    private const int Length = 1000;

    /// <summary>Runs W0.</summary>
    public static WardWindowsBenchmark.Result Run(WardSignal signal, int seconds)
    {
        var patients = new Dictionary<ulong, Patient>();
        long messages = 0;
        foreach (var (p, chunk) in signal.Order(seconds))
        {
            messages++;
            var message = signal.Message(p, chunk).AsSpan();
            ref var patient = ref CollectionsMarshal.GetValueRefOrAddDefault(patients, BinaryPrimitives.ReadUInt64LittleEndian(message[1..]), out _);
            patient ??= new Patient(p);
            patient.Take(BinaryPrimitives.ReadInt64LittleEndian(message[9..]), MemoryMarshal.Cast<byte, short>(message[WardSignal.HeaderBytes..]));
        }
        return new WardWindowsBenchmark.Result(
            messages, patients.Values.Sum(p => p.DroppedCount), patients.Values.Sum(p => p.WindowCount), patients.Values.Aggregate(0ul, (sum, p) => sum + p.Checksum), 0);
    }

    private sealed class Patient(int id)
    {
        private readonly short[] _samples = new short[WardSignal.ChannelCount * Length];    // [channel][window], sample i at i modulo the length; a window is read when it is exactly full
        private long _next;
        private long _start;

        public long DroppedCount { get; private set; }

        public long WindowCount { get; private set; }

        public ulong Checksum { get; private set; }

        public void Take(long first, ReadOnlySpan<short> samples)
        {
            if (first < _next)
            {
                DroppedCount++;
                return;
            }
            for (; _next < first; GiveIfComplete())
            {
                for (var c = 0; c < WardSignal.ChannelCount; c++)
                    _samples.AsSpan(c * Length + (int)(_next % Length), WardSignal.RateHz).Fill(short.MinValue);
                _next += WardSignal.RateHz;
            }
            var at = (int)(_next % Length);
            for (var c = 0; c < WardSignal.ChannelCount; c++)
                samples.Slice(c * WardSignal.RateHz, WardSignal.RateHz).CopyTo(_samples.AsSpan(c * Length + at));
            _next += WardSignal.RateHz;
            GiveIfComplete();
        }

        private void GiveIfComplete()
        {
            if (_next < _start + Length)
                return;
            var hash = 0xCBF29CE484222325;
            Add(ref hash, (uint)id);
            Add(ref hash, (uint)_start);
            Add(ref hash, (uint)(_start >> 32));
            var any = false;
            for (var c = 0; c < WardSignal.ChannelCount; c++)
            {
                var (count, min, max) = (0, short.MaxValue, short.MinValue);
                var (sum, squares) = (0L, 0L);
                foreach (var x in _samples.AsSpan(c * Length, Length))
                {
                    if (x == short.MinValue)
                        continue;
                    count++;
                    sum += x;
                    squares += x * x;
                    min = Math.Min(min, x);
                    max = Math.Max(max, x);
                }
                any |= count > 0;
                Add(ref hash, BitConverter.SingleToUInt32Bits(count));
                Add(ref hash, BitConverter.SingleToUInt32Bits((float)((double)sum / count)));
                Add(ref hash, BitConverter.SingleToUInt32Bits((float)((count * squares - sum * sum) / ((double)count * count))));
                Add(ref hash, BitConverter.SingleToUInt32Bits(min));
                Add(ref hash, BitConverter.SingleToUInt32Bits(max));
            }
            _start += Hop;
            if (!any)
                return;
            WindowCount++;
            Checksum += hash;
        }

        private static void Add(ref ulong hash, uint word) => hash = (hash ^ word) * 0x100000001B3;
    }
}
