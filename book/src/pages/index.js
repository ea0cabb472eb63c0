import React from 'react';
import {Redirect} from '@docusaurus/router';
import useBaseUrl from '@docusaurus/useBaseUrl';

// The site's root leads to the book's first page.
export default function Home() {
  return <Redirect to={useBaseUrl('/docs/')} />;
}
