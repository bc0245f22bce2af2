using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>
        /// Something with parameters, buffers and modules inside it, named by the fields that hold them. Its tensors belong to no dispose scope:
        /// the module owns them.
        /// </summary>
        public abstract class Module : IDisposable
        {
            private readonly List<(string Name, Parameter Tensor)> _parameters = [];
            private readonly List<(string Name, Tensor Tensor)> _buffers = [];
            private readonly List<(string Name, Module Module)> _children = [];

            protected Module(string name) => this.name = name;

            public string name { get; }

            public bool training { get; private set; } = true;

            /// <summary>Registers every field that is a module or a parameter, under the field's name without a leading underscore.</summary>
            protected void RegisterComponents()
            {
                const System.Reflection.BindingFlags fields = System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic;
                foreach (var field in GetType().GetFields(fields).OrderBy(f => f.MetadataToken))
                {
                    var fieldName = field.Name.TrimStart('_');
                    if (field.GetValue(this) is Module module && _children.TrueForAll(c => !ReferenceEquals(c.Module, module)))
                        register_module(fieldName, module);
                    else if (field.GetValue(this) is Parameter parameter && _parameters.TrueForAll(p => !ReferenceEquals(p.Tensor, parameter)))
                        register_parameter(fieldName, parameter);
                }
            }

            public void register_module(string name, Module module) => _children.Add((name, module));

            public void register_parameter(string name, Parameter parameter) => _parameters.Add((name, parameter));

            public Tensor register_buffer(string name, Tensor tensor)
            {
                _buffers.Add((name, tensor.DetachFromDisposeScope()));
                return tensor;
            }

            public IEnumerable<(string name, Module module)> named_children() => _children;

            public IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
                _parameters.Concat(recurse ? _children.SelectMany(c => c.Module.named_parameters().Select(p => ($"{c.Name}.{p.name}", p.parameter))) : []);

            public IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true) =>
                _buffers.Concat(recurse ? _children.SelectMany(c => c.Module.named_buffers().Select(b => ($"{c.Name}.{b.name}", b.buffer))) : []);

            public IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(p => p.parameter);

            /// <summary>Every parameter and buffer by its dotted name; the tensors themselves, not copies.</summary>
            public Dictionary<string, Tensor> state_dict()
            {
                var state = new Dictionary<string, Tensor>();
                foreach (var (path, parameter) in named_parameters())
                    state.Add(path, parameter);
                foreach (var (path, buffer) in named_buffers())
                    state.Add(path, buffer);
                return state;
            }

            /// <summary>Copies <paramref name="state"/> into the parameters and buffers.</summary>
            /// <exception cref="ArgumentException">A name is missing or unknown, or a shape differs; all of them are named.</exception>
            public void load_state_dict(IReadOnlyDictionary<string, Tensor> state)
            {
                var own = state_dict();
                var faults = own.Keys.Except(state.Keys).Select(k => $"'{k}' is missing")
                    .Concat(state.Keys.Except(own.Keys).Select(k => $"'{k}' is unknown"))
                    .Concat(own.Where(o => state.TryGetValue(o.Key, out var s) && !s.shape.SequenceEqual(o.Value.shape))
                        .Select(o => $"'{o.Key}' is [{string.Join(", ", state[o.Key].shape)}], wanted [{string.Join(", ", o.Value.shape)}]")).ToList();
                if (faults.Count > 0)
                    throw new ArgumentException($"The weights do not fit {name}: {string.Join("; ", faults)}.", nameof(state));
                using var still = no_grad();
                foreach (var (path, tensor) in own)
                    tensor.copy_(state[path]);
            }

            public virtual void train(bool on = true)
            {
                training = on;
                foreach (var (_, module) in _children)
                    module.train(on);
            }

            public void eval() => train(false);

            public void zero_grad()
            {
                foreach (var parameter in parameters())
                    parameter.grad = null;
            }

            /// <summary>Moves every parameter and buffer to <paramref name="device"/>, in place.</summary>
            public Module to(Device device)
            {
                for (var i = 0; i < _parameters.Count; i++)
                    _parameters[i].Tensor.Replace(_parameters[i].Tensor.to(device));
                for (var i = 0; i < _buffers.Count; i++)
                    MoveBuffer(_buffers[i].Name, _buffers[i] = (_buffers[i].Name, _buffers[i].Tensor.to(device).DetachFromDisposeScope()));
                foreach (var (_, module) in _children)
                    module.to(device);
                return this;
            }

            /// <summary>A buffer moved: a module that holds it in a field of its own takes the new one.</summary>
            protected virtual void MoveBuffer(string name, (string Name, Tensor Tensor) moved)
            {
            }

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
                foreach (var (_, parameter) in _parameters)
                    parameter.Tensor.Dispose();
                foreach (var (_, buffer) in _buffers)
                    buffer.Dispose();
                foreach (var (_, module) in _children)
                    module.Dispose();
            }
        }

        /// <summary>A module from one thing to another.</summary>
        public abstract class Module<T, TResult>(string name) : Module(name)
        {
            public abstract TResult forward(T input);

            public TResult call(T input) => forward(input);
        }

        /// <summary>A module from two things to another.</summary>
        public abstract class Module<T1, T2, TResult>(string name) : Module(name)
        {
            public abstract TResult forward(T1 input1, T2 input2);

            public TResult call(T1 input1, T2 input2) => forward(input1, input2);
        }

        public static Parameter Parameter(Tensor tensor) => new(tensor);
    }
}
