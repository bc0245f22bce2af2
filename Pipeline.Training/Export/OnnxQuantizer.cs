using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Pipeline.Training.Export.Onnx;

namespace Pipeline.Training.Export;

/// <summary>
/// Post-training quantisation of a network that <see cref="OnnxGraph"/> wrote, as ONNX QDQ (Jacob et al. 2018, arXiv:1712.05877; Wu et al. 2020, arXiv:2004.09602). Convolutions of more than one channel have
/// weights of INT8 (symmetric, a scale an output channel), biases of INT32 and inputs and outputs of UINT8 in the ranges that calibration shows. Matrices of linear layers and of an LSTM have weights of INT8 and
/// compute in float32: their inputs carry the recurrent state, whose errors would add up from window to window. All else stays float32. Names are shortened, equal constants kept once, and what holds
/// anyway is left out.
/// </summary>
public static class OnnxQuantizer
{
    private const int Float = 1, Uint8 = 2, Int8 = 3, Int32 = 6;
    private const int FewestWeights = 32;   // of a matrix that is worth a scale
    private const int Batch = 64;

    /// <summary>Quantises. The same rows give the same bytes.</summary>
    /// <param name="model">The bytes of a <c>model.onnx</c>.</param>
    /// <param name="rows">Calibration: rows of input, each with the state in which it was asked (empty where there is none).</param>
    /// <exception cref="ArgumentException">There are no rows, or no convolution or matrix to quantise.</exception>
    public static byte[] Quantize(ReadOnlySpan<byte> model, IReadOnlyList<(float[] Input, float[] State)> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Count == 0)
            throw new ArgumentException("Calibration needs rows.", nameof(rows));
        var file = ModelProto.Parser.ParseFrom(model);
        var graph = file.Graph;
        var constants = graph.Initializer.ToDictionary(constant => constant.Name);
        var convolutions = graph.Node.Where(node => node.OpType == "Conv" && constants.TryGetValue(node.Input[1], out var weight) && weight.Dims[1] > 1).ToList();
        var matrices = graph.Node.Where(node => node.OpType == "Gemm" && constants.TryGetValue(node.Input[1], out var weight) && weight.RawData.Length / sizeof(float) >= FewestWeights
            && weight.Dims[0] > 1).ToList();
        if (convolutions.Count + matrices.Count == 0)
            throw new ArgumentException("The network has no convolution and no matrix to quantise.", nameof(model));
        // What follows a convolution and cuts it at zero is part of it: its range is the one that counts.
        string OutputOf(NodeProto conv) => graph.Node.Where(node => node.Input.Contains(conv.Output[0])).ToList() is [{ OpType: "Relu" } relu] ? relu.Output[0] : conv.Output[0];
        var ranges = Ranges(file, [.. convolutions.SelectMany(conv => new[] { conv.Input[0], OutputOf(conv) }).Distinct()], rows);
        foreach (var (conv, scale) in convolutions.Select(conv => (conv, ranges[conv.Input[0]].Scale)).ToList())
            QuantizeWeights(graph, conv, constants, scale);
        foreach (var gemm in matrices)
            QuantizeWeights(graph, gemm, constants, inputScale: null);
        foreach (var (tensor, range) in ranges)
            QuantizeActivation(graph, tensor, range);
        Shrink(graph);
        return file.ToByteArray();
    }

    private readonly record struct ValueRange(float Low, float High)
    {
        public float Scale => Math.Max(High - Low, 1e-6f) / byte.MaxValue;

        public byte ZeroPoint => (byte)Math.Clamp(MathF.Round(-Low / Scale), 0, byte.MaxValue);
    }

    /// <summary>Least and greatest value of each tensor over the rows, with zero among them: padding is zero.</summary>
    private static Dictionary<string, ValueRange> Ranges(ModelProto file, IReadOnlyList<string> tensors, IReadOnlyList<(float[] Input, float[] State)> rows)
    {
        var opened = file.Clone();
        var inputs = file.Graph.Input.Select(input => input.Name).ToHashSet();
        foreach (var tensor in tensors.Where(tensor => !inputs.Contains(tensor)))
            opened.Graph.Output.Add(new ValueInfoProto { Name = tensor, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = Float } } });
        using var options = new SessionOptions { IntraOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL };
        using var session = new InferenceSession(opened.ToByteArray(), options);
        using var run = new RunOptions();
        var ranges = tensors.ToDictionary(tensor => tensor, _ => new ValueRange(0, 0));
        void Take(string tensor, ReadOnlySpan<float> values)
        {
            foreach (var value in values)
                ranges[tensor] = new ValueRange(Math.Min(ranges[tensor].Low, value), Math.Max(ranges[tensor].High, value));
        }
        for (var first = 0; first < rows.Count; first += Batch)
        {
            var part = rows.Skip(first).Take(Batch).ToList();
            var given = session.InputMetadata.ToDictionary(input => input.Key, input =>
            {
                float[] all = [.. part.SelectMany(row => input.Key == "state" ? row.State : row.Input)];
                return OrtValue.CreateTensorValueFromMemory(all, [part.Count, .. input.Value.Dimensions.Skip(1).Select(d => (long)d)]);
            });
            var wanted = session.OutputNames.Where(ranges.ContainsKey).ToList();
            using var results = session.Run(run, given, wanted);
            foreach (var (tensor, result) in wanted.Zip(results))
                Take(tensor, result.GetTensorDataAsSpan<float>());
            foreach (var (tensor, value) in given)
            {
                if (ranges.ContainsKey(tensor))
                    Take(tensor, value.GetTensorDataAsSpan<float>());
                value.Dispose();
            }
        }
        return ranges;
    }

    /// <summary>Weights [outputs, ...] as INT8 with a scale an output; a convolution's bias as INT32 in units of both scales.</summary>
    private static void QuantizeWeights(GraphProto graph, NodeProto node, Dictionary<string, TensorProto> constants, float? inputScale)
    {
        var weight = constants[node.Input[1]];
        var values = MemoryMarshal.Cast<byte, float>(weight.RawData.Span);
        var outputs = (int)weight.Dims[0];
        var each = values.Length / outputs;
        var (scales, stored) = (new float[outputs], new sbyte[values.Length]);
        for (var o = 0; o < outputs; o++)
        {
            var own = values.Slice(o * each, each);
            scales[o] = Math.Max(Math.Abs(TensorPrimitives.MaxMagnitude(own)), 1e-9f) / sbyte.MaxValue;
            for (var i = 0; i < each; i++)
                stored[o * each + i] = (sbyte)Math.Clamp(MathF.Round(own[i] / scales[o]), -sbyte.MaxValue, sbyte.MaxValue);
        }
        node.Input[1] = Dequantized(graph, node, weight.Name, Int8, MemoryMarshal.AsBytes<sbyte>(stored), weight.Dims, scales);
        if (inputScale is not { } scale || node.Input.Count < 3)
            return;
        var bias = MemoryMarshal.Cast<byte, float>(constants[node.Input[2]].RawData.Span).ToArray();
        var units = scales.Select(own => own * scale).ToArray();
        var counts = bias.Select((value, o) => (int)MathF.Round(value / units[o])).ToArray();
        node.Input[2] = Dequantized(graph, node, node.Input[2], Int32, MemoryMarshal.AsBytes<int>(counts), [outputs], units);
    }

    private static string Dequantized(GraphProto graph, NodeProto before, string name, int type, ReadOnlySpan<byte> values, IEnumerable<long> shape, float[] scales)
    {
        var (stored, result) = ($"{before.Output[0]}_{name}_stored", $"{before.Output[0]}_{name}");
        Store(graph, stored, type, values, shape);
        var scale = Store(graph, $"{stored}_scale", Float, MemoryMarshal.AsBytes<float>(scales), [scales.Length]);
        var node = new NodeProto { OpType = "DequantizeLinear", Input = { stored, scale }, Output = { result } };     // no zero point: it is 0
        node.Attribute.Add(new AttributeProto { Name = "axis", Type = 2, I = 0 });
        graph.Node.Insert(graph.Node.IndexOf(before), node);
        return result;
    }

    /// <summary>Whoever reads the tensor reads it through UINT8.</summary>
    private static void QuantizeActivation(GraphProto graph, string tensor, ValueRange range)
    {
        var (scale, zero) = ($"{tensor}_scale", $"{tensor}_zero");
        Store(graph, scale, Float, MemoryMarshal.AsBytes<float>([range.Scale]), []);
        Store(graph, zero, Uint8, [range.ZeroPoint], []);
        foreach (var node in graph.Node)
            for (var i = 0; i < node.Input.Count; i++)
                if (node.Input[i] == tensor)
                    node.Input[i] = $"{tensor}_read";
        var made = graph.Node.ToList().FindIndex(node => node.Output[0] == tensor) + 1;     // 0 for the network's input
        graph.Node.Insert(made, new NodeProto { OpType = "DequantizeLinear", Input = { $"{tensor}_stored", scale, zero }, Output = { $"{tensor}_read" } });
        graph.Node.Insert(made, new NodeProto { OpType = "QuantizeLinear", Input = { tensor, scale, zero }, Output = { $"{tensor}_stored" } });
    }

    private static string Store(GraphProto graph, string name, int type, ReadOnlySpan<byte> values, IEnumerable<long> shape)
    {
        graph.Initializer.Add(new TensorProto { Name = name, DataType = type, Dims = { shape }, RawData = ByteString.CopyFrom(values) });
        return name;
    }

    /// <summary>Drops constants that nobody reads, keeps equal ones once, and gives all that is inside short names.</summary>
    private static void Shrink(GraphProto graph)
    {
        var read = graph.Node.SelectMany(node => node.Input).ToHashSet();
        var (kept, same) = (new Dictionary<string, TensorProto>(), new Dictionary<string, string>());
        foreach (var constant in graph.Initializer.Where(one => read.Contains(one.Name)))
        {
            var content = $"{constant.DataType} {string.Join(',', constant.Dims)} {constant.RawData.ToBase64()}";
            same[constant.Name] = kept.TryGetValue(content, out var first) ? first.Name : constant.Name;
            kept.TryAdd(content, constant);
        }
        var outside = graph.Input.Concat(graph.Output).ToDictionary(value => value.Name, value => value.Name);
        var names = new Dictionary<string, string>(outside);
        string Short(string name)
        {
            name = same.GetValueOrDefault(name, name);
            return names.TryGetValue(name, out var known) ? known : names[name] = Letters(names.Count - outside.Count);
        }
        foreach (var node in graph.Node)
        {
            node.Name = "";
            foreach (var attribute in node.Attribute.Where(IsUsual).ToList())
                node.Attribute.Remove(attribute);
            for (var i = 0; i < node.Input.Count; i++)
                node.Input[i] = Short(node.Input[i]);
            node.Output[0] = Short(node.Output[0]);
        }
        graph.Initializer.Clear();
        foreach (var constant in kept.Values)
        {
            constant.Name = Short(constant.Name);
            graph.Initializer.Add(constant);
        }
    }

    /// <summary>Whether a convolution's attribute says what holds without it.</summary>
    private static bool IsUsual(AttributeProto attribute) => attribute.Name switch
    {
        "kernel_shape" => true,     // the weights have it
        "strides" or "dilations" => attribute.Ints.All(one => one == 1),
        "pads" => attribute.Ints.All(one => one == 0),
        _ => false,
    };

    // "_" first: no name of an input or output begins so.
    private static string Letters(int number) => $"_{(char)('a' + number % 26)}{(number < 26 ? "" : (number / 26).ToString(System.Globalization.CultureInfo.InvariantCulture))}";
}
