using System.Globalization;
using AaClip.Scoring.Tensors;

namespace AaClip.Import.Torch;

/// <summary>
/// Flattens an object tree: keys, attribute names and list positions are joined with dots, as in "image_optimizer.state.0.exp_avg".
/// </summary>
internal sealed class FlatView
{
    private const int MaxDepth = 64;
    private const int MaxVisits = 1_000_000; // in a small pickle with many shared parts, the tree can be endlessly large
    private const int MaxCharacters = 16_000_000; // total length of all names

    private readonly string _file;
    private int _visits;
    private long _characters;

    private FlatView(string file) => _file = file;

    /// <summary>The tensors, named by their position in the tree.</summary>
    public Dictionary<string, StoredTensor> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>All other values: null, bool, long, double, string or byte[].</summary>
    public Dictionary<string, object?> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>Flattens a tree.</summary>
    /// <exception cref="InvalidDataException">
    /// The root is not a dictionary or module, two names are equal, or the tree is too large or contains itself.
    /// </exception>
    public static FlatView Of(object? root, string file)
    {
        if (root is not (PickleDictionary or PickleObject))
            throw new InvalidDataException(
                $"'{file}' holds a {Describe(root)}, expected a dictionary of tensors: save it with torch.save(model.state_dict(), ...)."
            );
        FlatView view = new(file);
        view.Visit("", root, 0);
        return view;
    }

    private void Visit(string name, object? value, int depth)
    {
        if (depth > MaxDepth)
            throw new InvalidDataException(
                $"'{_file}' is nested deeper than {MaxDepth} levels at '{Text.Shorten(name)}', or contains itself: it is not a "
                    + $"checkpoint of weights."
            );
        if (++_visits > MaxVisits || (_characters += name.Length) > MaxCharacters)
            throw new InvalidDataException(
                $"'{_file}' unfolds to more than {MaxVisits} values or {MaxCharacters} characters of names: it is not a checkpoint "
                    + $"of weights."
            );

        switch (value)
        {
            case PickleObject o:
                Visit(name, o.State, depth + 1);
                break;
            case PickleDictionary dictionary:
                foreach ((object key, object? item) in dictionary)
                    Visit(Join(name, Convert.ToString(key, CultureInfo.InvariantCulture) ?? ""), item, depth + 1);
                break;
            case IReadOnlyList<object?> items and (List<object?> or object?[]):
                for (int i = 0; i < items.Count; i++)
                    Visit(Join(name, i.ToString(CultureInfo.InvariantCulture)), items[i], depth + 1);
                break;
            case StoredTensor tensor:
                Add(Tensors, name, tensor.Renamed(name));
                break;
            case PickleGlobal or PickleStorage:
                break; // a class or a storage without a tensor has no information
            default:
                Add(Values, name, value);
                break;
        }
    }

    private void Add<T>(Dictionary<string, T> to, string name, T value)
    {
        if (Tensors.ContainsKey(name) || Values.ContainsKey(name))
            throw new InvalidDataException($"'{_file}' has two entries that both unfold to '{Text.Shorten(name)}': rename one.");
        to.Add(name, value);
    }

    private static string Join(string name, string key) => name.Length == 0 ? key : $"{name}.{key}";

    private static string Describe(object? root) =>
        root switch
        {
            null => "None",
            StoredTensor => "single tensor",
            List<object?> => "list",
            object?[] => "tuple",
            string => "text",
            _ => "single value",
        };
}
