namespace Microsoft.Azure.Functions.Worker;

/// <summary>Who may call an HTTP function in Azure.</summary>
public enum AuthorizationLevel
{
    /// <summary>Anyone.</summary>
    Anonymous = 0,

    /// <summary>A signed-in user.</summary>
    User = 1,

    /// <summary>Holders of a function key.</summary>
    Function = 2,

    /// <summary>Holders of a system key.</summary>
    System = 3,

    /// <summary>Holders of the master key.</summary>
    Admin = 4,
}
