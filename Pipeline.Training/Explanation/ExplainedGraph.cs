using System.Runtime.InteropServices;
using Google.Protobuf;
using Pipeline.Training.Export.Onnx;

namespace Pipeline.Training.Explanation;

/// <summary>
/// A network's ONNX file in which the convolutional features can be made stronger or weaker at each rate. The features are what the first convolution with one output channel reads: the encoder's last
/// layer, from which its evidence is made.
/// </summary>
/// <param name="Model">The file. Input [batch, I + rates]: the network's input, then by which part the features at each rate are to be greater (0: as they are). Output as before.</param>
/// <param name="HasFeatures">Whether there are such features; without them the file is as it was.</param>
internal sealed record ExplainedGraph(byte[] Model, bool HasFeatures)
{
    private const int Int64 = 7;

    /// <summary>Opens a network whose input is [batch, <paramref name="rows"/>, <paramref name="rates"/>] and whose features are [batch, channels, <paramref name="rates"/>].</summary>
    public static ExplainedGraph Of(ReadOnlySpan<byte> model, int rows, int rates)
    {
        var file = ModelProto.Parser.ParseFrom(model);
        var graph = file.Graph;
        var constants = graph.Initializer.ToDictionary(constant => constant.Name);
        var makers = graph.Node.ToDictionary(node => node.Output[0]);
        TensorProto? WeightOf(NodeProto conv) =>
            constants.GetValueOrDefault(constants.ContainsKey(conv.Input[1]) ? conv.Input[1] : makers[conv.Input[1]].Input[0]);     // or quantised
        if (graph.Node.FirstOrDefault(node => node.OpType == "Conv" && WeightOf(node) is { Dims: [1, > 1, _] }) is not { Input: [var features, ..] })
            return new ExplainedGraph(model.ToArray(), false);

        Rename(graph, "input", "explained_rows");
        Rename(graph, features, "explained_features");
        var made = graph.Node.IndexOf(makers[features]);
        graph.Node.Insert(made + 1, Node("Add", "explained_features", features, "explained_more"));
        graph.Node.Insert(made + 1, Node("Mul", "explained_more", features, "explained_gain"));
        var (begin, cut) = (Integers(graph, "explained_begin", 0), Integers(graph, "explained_cut", rows * rates));
        var (end, axis) = (Integers(graph, "explained_end", (rows + 1) * rates), Integers(graph, "explained_axis", 1));
        graph.Node.Insert(0, Node("Reshape", "explained_gain", "explained_tail", Integers(graph, "explained_gain_shape", -1, 1, rates)));
        graph.Node.Insert(0, Node("Reshape", "explained_rows", "explained_head", Integers(graph, "explained_rows_shape", -1, rows, rates)));
        graph.Node.Insert(0, Node("Slice", "explained_tail", "input", cut, end, axis));
        graph.Node.Insert(0, Node("Slice", "explained_head", "input", begin, cut, axis));
        var shape = graph.Input.Single(one => one.Name == "input").Type.TensorType.Shape.Dim;
        while (shape.Count > 2)
            shape.RemoveAt(2);
        shape[1].DimValue = (rows + 1) * rates;
        return new ExplainedGraph(file.ToByteArray(), true);
    }

    private static void Rename(GraphProto graph, string from, string to)
    {
        foreach (var node in graph.Node)
            for (var i = 0; i < node.Input.Count; i++)
                if (node.Input[i] == from)
                    node.Input[i] = to;
    }

    private static NodeProto Node(string type, string output, params string[] inputs) => new() { OpType = type, Name = output, Input = { inputs }, Output = { output } };

    private static string Integers(GraphProto graph, string name, params long[] values)
    {
        var raw = ByteString.CopyFrom(MemoryMarshal.AsBytes<long>(values));
        graph.Initializer.Add(new TensorProto { Name = name, DataType = Int64, Dims = { values.Length }, RawData = raw });
        return name;
    }
}
