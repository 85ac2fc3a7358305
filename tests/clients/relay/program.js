// A program's own documents: relay-compiler reads them beside the schema, relay.mjs runs what it
// makes of them.

graphql`
  query programProductsQuery($first: Int!) {
    ...program_forward @arguments(first: $first)
    ...program_backward
  }
`;

graphql`
  fragment program_forward on Query
  @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" })
  @refetchable(queryName: "programForwardPageQuery") {
    forward: products(first: $first, after: $after) @connection(key: "program_forward") {
      edges {
        node {
          title
        }
      }
    }
  }
`;

graphql`
  fragment program_backward on Query
  @argumentDefinitions(last: { type: "Int", defaultValue: 1 }, before: { type: "String" })
  @refetchable(queryName: "programBackwardPageQuery") {
    backward: products(last: $last, before: $before) @connection(key: "program_backward") {
      edges {
        node {
          title
        }
      }
    }
  }
`;

// Below a node: its further pages are asked of `node(id:)`.
graphql`
  query programTriggersQuery {
    brand {
      acceptQuotes
      ...program_triggers
    }
  }
`;

graphql`
  fragment program_triggers on Brand
  @argumentDefinitions(first: { type: "Int", defaultValue: 1 }, after: { type: "String" })
  @refetchable(queryName: "programTriggersPageQuery") {
    triggers(first: $first, after: $after) @connection(key: "program_triggers_triggers") {
      edges {
        node {
          tag
        }
      }
    }
  }
`;

graphql`
  mutation programSetPoliciesMutation($input: SetPoliciesInput!) {
    setPolicies(input: $input) {
      __typename
      ... on Brand {
        acceptQuotes
      }
      ... on Problem {
        message
      }
    }
  }
`;

graphql`
  subscription programEventsSubscription($types: [EventType!]) {
    events(types: $types) {
      __typename
      ... on LogEntry {
        seq
        event {
          type
        }
      }
    }
  }
`;
