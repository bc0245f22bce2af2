using System.Runtime.InteropServices;
using Google.Protobuf;
using Pipeline.Training.Export.Onnx;
using static TorchSharp.torch;

namespace Pipeline.Training.Serving;

/// <summary>
/// An ONNX file of the operators that <see cref="Export.OnnxGraph"/> writes, computed by libtorch node by node. So every package runs where
/// libtorch does, a GPU for one, with no second description of the network. Constants live on the device.
/// </summary>
internal sealed class TorchGraph : IDisposable
{
    private readonly GraphProto _graph;
    private readonly Device _device;
    private readonly Dictionary<string, Tensor> _constants = [];
    private readonly Dictionary<string, long[]> _integers = [];

    /// <exception cref="InvalidDataException">It is no ONNX file, or has an operator or a type that is not known here.</exception>
    public TorchGraph(byte[] onnx, Device device)
    {
        _device = device;
        try
        {
            _graph = ModelProto.Parser.ParseFrom(onnx).Graph ?? throw new InvalidDataException("The ONNX file holds no graph.");
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"The ONNX file cannot be read: {e.Message}", e);
        }
        if (_graph.Node.FirstOrDefault(node => !TorchOperators.Known.ContainsKey(node.OpType)) is { } unknown)
            throw new InvalidDataException($"libtorch runs no '{unknown.OpType}' here (node {unknown.Name}); it runs {string.Join(", ", TorchOperators.Known.Keys.Order(StringComparer.Ordinal))}.");
        using var scope = NewDisposeScope();
        foreach (var constant in _graph.Initializer)
            Load(constant);
    }

    /// <summary>Lengths of a row of the named input or output; null when there is none.</summary>
    public long[]? RowShape(string name) => _graph.Input.Concat(_graph.Output).FirstOrDefault(value => value.Name == name) is { } found
        ? [.. found.Type.TensorType.Shape.Dim.Skip(1).Select(d => d.DimValue)]
        : null;

    /// <summary>One pass over inputs on the device; the outputs belong to the caller's dispose scope.</summary>
    public Dictionary<string, Tensor> Forward(params ReadOnlySpan<(string Name, Tensor Tensor)> inputs)
    {
        var values = new Dictionary<string, Tensor>(_constants);
        foreach (var (name, tensor) in inputs)
            values[name] = tensor;
        foreach (var node in _graph.Node)
            values[node.Output[0]] = TorchOperators.Known[node.OpType](new TorchNode(node, values, _integers));
        return values;
    }

    public void Dispose()
    {
        foreach (var constant in _constants.Values)
            constant.Dispose();
    }

    private void Load(TensorProto constant)
    {
        const int float32 = 1, int64 = 7;
        var bytes = constant.RawData.Span;
        switch (constant.DataType)
        {
            case float32:
                _constants[constant.Name] = tensor(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), [.. constant.Dims]).to(_device).DetachFromDisposeScope();
                break;
            case int64:
                _integers[constant.Name] = MemoryMarshal.Cast<byte, long>(bytes).ToArray();
                break;
            default:
                throw new InvalidDataException($"Constant '{constant.Name}' of the ONNX file has type {constant.DataType}; float32 (1) and int64 (7) are known.");
        }
    }
}
