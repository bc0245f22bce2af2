using Pipeline.Models.Estimators.Beats;
using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.Autoencoder;

/// <summary>
/// An LSTM autoencoder over the beats of a lead, in two parts that share nothing. The first is trained on normal beats alone: an encoder of the beat, an LSTM from beat to beat, and a decoder that gets
/// what the LSTM knew before the beat and a few numbers of the encoding, so it can reconstruct a beat as the patient has them and no other. The second, of the same form, is trained on all beats
/// with noise added, to give them without: its decoder gets the whole encoding and what the LSTM knows with the beat.
/// <para>Input [B, 2 leads, 8 beats, 100] (<see cref="BeatRow"/>), state [B, 2 x (2 x 24 + 2 x 28 + 2)] (h and c of both LSTMs; two numbers that are handed on), output [B, 2, 8, 111].</para>
/// </summary>
public sealed class BeatAutoencoder : nn.Module
{
    private const int Numbers = BeatRow.InputNumbers, Points = BeatRow.Points, Encoding = BeatRow.EncodingLength;
    private const int Encoder = 32, Memory = 24, Narrow = 4;
    private const int NoisyEncoder = 48, NoisyEncoding = 24, NoisyMemory = 28, NoisyDecoder = 40;
    private const int LeadState = 2 * Memory + 2 * NoisyMemory + BeatRow.OwnNumbers;

    private readonly Linear _encode1 = nn.Linear(Numbers - 1, Encoder), _encode2 = nn.Linear(Encoder, Encoding), _narrow = nn.Linear(Encoding, Narrow);
    private readonly LSTM _memory = nn.LSTM(Encoding, Memory);
    private readonly Linear _decode1 = nn.Linear(Memory + Narrow, Encoder), _decode2 = nn.Linear(Encoder, Points);
    private readonly Linear _noisy1 = nn.Linear(Numbers - 1, NoisyEncoder), _noisy2 = nn.Linear(NoisyEncoder, NoisyEncoding);
    private readonly LSTM _noisyMemory = nn.LSTM(NoisyEncoding, NoisyMemory);
    private readonly Linear _clean1 = nn.Linear(NoisyMemory + NoisyEncoding, NoisyDecoder), _clean2 = nn.Linear(NoisyDecoder, Points);

    /// <summary>Starts with random weights.</summary>
    public BeatAutoencoder()
        : base(nameof(BeatAutoencoder)) => RegisterComponents();

    /// <summary>Floats of state.</summary>
    public const int StateLength = BeatRow.Leads * LeadState;

    /// <summary>Multiplications and additions of a window; those of activations are left out.</summary>
    public static long Flop => 2L * BeatRow.Leads * BeatRow.Slots * (
        (Numbers - 1) * (Encoder + NoisyEncoder) + Encoder * Encoding + Encoding * Narrow + NoisyEncoder * NoisyEncoding
        + 4 * Memory * (Encoding + Memory) + 4 * NoisyMemory * (NoisyEncoding + NoisyMemory)
        + (Memory + Narrow) * Encoder + Encoder * Points + (NoisyMemory + NoisyEncoding) * NoisyDecoder + NoisyDecoder * Points);

    /// <summary>Reconstructions [beats, sequences, 97] of [beats, sequences, 100], each from what was known before its beat and the narrow encoding.</summary>
    public Tensor Reconstruct(Tensor beats)
    {
        ArgumentNullException.ThrowIfNull(beats);
        var encoding = Encode(beats);
        var (known, _, _) = _memory.forward(encoding);
        var before = cat([zeros_like(known.narrow(0, 0, 1)), known.narrow(0, 0, known.size(0) - 1)], 0);
        return _decode2.forward(_decode1.forward(cat([before, _narrow.forward(encoding)], 2)).relu());
    }

    /// <summary>Clean waves [beats, sequences, 97] of noisy beats [beats, sequences, 100].</summary>
    public Tensor Denoise(Tensor beats)
    {
        ArgumentNullException.ThrowIfNull(beats);
        var encoding = _noisy2.forward(_noisy1.forward(beats.narrow(2, 1, Numbers - 1)).relu());
        var (known, _, _) = _noisyMemory.forward(encoding);
        return _clean2.forward(_clean1.forward(cat([known, encoding], 2)).relu());
    }

    /// <summary>The network as an ONNX file, one window with state in and out.</summary>
    public byte[] ToOnnx()
    {
        using var scope = NewDisposeScope();
        var graph = new OnnxGraph("ecg_autoencoder");
        const int slots = BeatRow.Slots;
        var rows = graph.Reshape(graph.Input("input", BeatRow.Leads, slots, Numbers), -1, Numbers);             // [B x leads x slots, 100]
        var state = graph.Reshape(graph.Input("state", StateLength), -1, LeadState);
        var there = graph.Reshape(graph.Slice(rows, 1, 0, 1), -1, slots);                                       // [B x leads, slots]
        var beats = graph.Slice(rows, 1, 1, Numbers);
        var encoding = graph.Linear(graph.Relu(Linear(graph, beats, _encode1)), _encode2.weight, _encode2.bias!);
        var (before, _, h, c) = Remember(graph, _memory, encoding, there, graph.Slice(state, 1, 0, Memory), graph.Slice(state, 1, Memory, 2 * Memory), Memory);
        var decoded = Linear(graph, graph.Relu(Linear(graph, graph.Concat(1, before, Linear(graph, encoding, _narrow)), _decode1)), _decode2);
        var off = graph.Sub(graph.Slice(rows, 1, Numbers - Points, Numbers), decoded);
        var errors = graph.Linear(graph.Mul(off, off), tensor(Sections, [2, Points]), null);

        var noisy = Linear(graph, graph.Relu(Linear(graph, beats, _noisy1)), _noisy2);
        var from = 2 * Memory;
        var (_, known, noisyH, noisyC) = Remember(
            graph, _noisyMemory, noisy, there, graph.Slice(state, 1, from, from + NoisyMemory), graph.Slice(state, 1, from + NoisyMemory, from + 2 * NoisyMemory), NoisyMemory);
        var clean = Linear(graph, graph.Relu(Linear(graph, graph.Concat(1, known, noisy), _clean1)), _clean2);
        graph.Output("output", graph.Reshape(graph.Concat(1, errors, clean, encoding), -1, BeatRow.OutputLength), BeatRow.OutputLength);
        var next = graph.Concat(1, h, c, noisyH, noisyC, graph.Slice(state, 1, LeadState - BeatRow.OwnNumbers, LeadState));
        graph.Output("next_state", graph.Reshape(next, -1, StateLength), StateLength);
        return graph.ToBytes();
    }

    /// <summary>[2, 97]: the mean over the whole beat without its ends, where neighbours begin, and over its QRS complex.</summary>
    internal static float[] Sections { get; } = [.. Section(BeatSection.Whole), .. Section(BeatSection.Qrs)];

    private static IEnumerable<float> Section(BeatSection section) =>
        Enumerable.Range(0, Points).Select(p => p / 2 >= section.First && p / 2 < section.First + section.Count ? 1f / (2 * section.Count) : 0);

    private Tensor Encode(Tensor beats) => _encode2.forward(_encode1.forward(beats.narrow(2, 1, Numbers - 1)).relu());

    private static string Linear(OnnxGraph graph, string x, Linear layer) => graph.Linear(x, layer.weight, layer.bias!);

    /// <summary>The LSTM over the slots; one without a beat leaves it as it is. What it knew before and with each beat, [B x leads x slots, hidden], and its last h and c.</summary>
    private static (string Before, string With, string H, string C) Remember(OnnxGraph graph, LSTM lstm, string encoding, string there, string h, string c, int hidden)
    {
        const int slots = BeatRow.Slots;
        var weights = lstm.parameters().ToList();
        var length = weights[0].shape[1];
        var steps = graph.Reshape(encoding, -1, slots * length);
        string[] before = new string[slots], with = new string[slots];
        for (var slot = 0; slot < slots; slot++)
        {
            before[slot] = h;
            var (nextH, nextC) = graph.LstmStep(graph.Slice(steps, 1, slot * length, (slot + 1) * length), h, c, weights[0], weights[1], weights[2], weights[3]);
            var mask = graph.Slice(there, 1, slot, slot + 1);
            h = graph.Add(h, graph.Mul(mask, graph.Sub(nextH, h)));
            c = graph.Add(c, graph.Mul(mask, graph.Sub(nextC, c)));
            with[slot] = h;
        }
        string All(string[] each) => graph.Reshape(graph.Concat(1, each), -1, hidden);
        return (All(before), All(with), h, c);
    }
}
